"""The audit log as admins ask for it and see it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from app.core.schemas.base import MAX_ID, Input, Moment, Output, SafeStr
from app.core.schemas.pages import PageQuery

Id = Annotated[int, Field(ge=1, le=MAX_ID)]


class AuditFilter(Input):
    """Which events; what is left out does not matter."""

    action: Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*\.?$")] | None = Field(
        default=None,
        description="The action, or with a full stop at the end all that begin so.",
        examples=["login.failed", "login."],
    )
    actor_id: Id | None = Field(default=None, description="Whose doing it was.")
    subject_type: Annotated[SafeStr, Field(max_length=40)] | None = Field(
        default=None, description="What kind of thing it was done to.", examples=["users", "articles"]
    )
    subject_id: Id | None = None
    ip_address: Annotated[SafeStr, Field(max_length=45)] | None = None
    since: Moment | None = Field(default=None, description="From this moment on.")
    until: Moment | None = Field(default=None, description="Before this moment.")


class AuditQuery(AuditFilter, PageQuery):
    pass


class AuditActor(Output):
    id: int
    username: str | None


class AuditEventOut(Output):
    """Who did what to what, when and from where."""

    id: int
    at: datetime
    action: str
    actor: AuditActor | None = Field(description="Null for strangers, the command line and the blog itself.")
    subject_type: str | None
    subject_id: int | None
    ip_address: str = Field(description="Empty for the command line.")
    user_agent: str
    request_id: str
    details: dict[str, Any]
