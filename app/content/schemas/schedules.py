"""Schedules as clients see them."""

from datetime import datetime

from pydantic import ConfigDict, Field

from app.content.models import Failure
from app.content.schemas.articles import ArticleOut
from app.content.schemas.authors import AuthorSummary
from app.core.schemas.base import Output


class ScheduleOut(Output):
    """What is to become of an article, and when."""

    publish_at: datetime | None = Field(
        examples=["2026-03-30T07:00:00Z"], description="Null if nothing is to be published."
    )
    unpublish_at: datetime | None = Field(
        examples=[None], description="When the article becomes a draft again. Null if that is not scheduled."
    )
    time_zone: str | None = Field(
        examples=["Europe/Lisbon"],
        description="Whose clocks the times go by. Null if they are moments, whatever clocks show then.",
    )
    published_at: datetime | None = Field(
        examples=[None],
        description="The date that readers will see. Null for that of an earlier publication, or else `publish_at`.",
    )
    version: int | None = Field(
        examples=[8], description="The number of the revision with the text that will be published. Null if none will."
    )
    is_current: bool | None = Field(
        examples=[True],
        description="Whether the draft still says the same. If not, schedule again to take the new text. "
        "Null if no text will be published.",
    )
    failed_at: datetime | None = Field(
        examples=[None], description="When it was to be published and could not be. It is not tried again."
    )
    failure: Failure | None = Field(examples=[None], description="Why it could not be published.")
    scheduled_at: datetime
    scheduled_by: AuthorSummary | None


class ScheduledArticleOut(ArticleOut):
    """An article as it is now, and what is scheduled for it, if anything is."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    schedule: ScheduleOut | None = Field(default=None, description="Not there if nothing is scheduled.")
