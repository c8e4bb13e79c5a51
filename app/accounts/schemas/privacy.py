"""Account deletion as clients send and see it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.accounts.models import ArticleDisposition
from app.accounts.schemas.users import ReauthenticationInput
from app.core.schemas.base import Output, SafeStr


class DeletionInput(ReauthenticationInput):
    articles: ArticleDisposition | None = Field(
        default=None, description="What should happen to your articles. May be omitted if you have none."
    )
    successor: Annotated[SafeStr, Field(max_length=40, examples=["ben"])] | None = Field(
        default=None,
        description="The username of the person to hand your articles over to, who must be allowed to write articles.",
    )


class DeletionOut(Output):
    due_at: datetime = Field(
        description="When the account will be deleted. Logging in before then cancels the deletion."
    )
