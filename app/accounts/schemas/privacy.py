"""Leaving, as clients say it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.accounts.models import ArticleDisposition
from app.accounts.schemas.users import ReauthenticationInput
from app.core.schemas.base import Output, SafeStr


class DeletionInput(ReauthenticationInput):
    articles: ArticleDisposition | None = Field(
        default=None, description="What becomes of the articles; may be left out by those who have none."
    )
    successor: Annotated[SafeStr, Field(max_length=40)] | None = Field(
        default=None, description="The username of somebody who may write articles, to hand them over to."
    )


class DeletionOut(Output):
    due_at: datetime = Field(description="When the account will be gone; logging in before that undoes it.")
