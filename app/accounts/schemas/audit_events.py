"""The audit log as admins query and see it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StrictInt

from app.core.schemas.base import MAX_ID, Input, Output, SafeStr, Timestamp, number_in_text
from app.core.schemas.pages import Page, PageQuery

Id = Annotated[StrictInt, Field(ge=1, le=MAX_ID), number_in_text]


class AuditFilter(Input):
    """Filters for audit events; omitted filters match everything."""

    action: Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*\.?$")] | None = Field(
        default=None,
        description="An action, or a prefix ending in a dot to match all actions that start with it.",
        examples=["login.failed", "login."],
    )
    actor_id: Id | None = Field(default=None, description="The account that did it.")
    subject_type: Annotated[SafeStr, Field(max_length=40)] | None = Field(
        default=None, description="The type of resource it was done to.", examples=["users", "articles"]
    )
    subject_id: Id | None = None
    ip_address: Annotated[SafeStr, Field(max_length=45)] | None = None
    since: Timestamp | None = Field(default=None, description="At or after this time.")
    until: Timestamp | None = Field(default=None, description="Before this time.")


class AuditQuery(AuditFilter, PageQuery):
    pass


class AuditActor(Output):
    id: int = Field(examples=[5])
    username: str | None = Field(examples=["anna"])


class AuditEventOut(Output):
    """An entry of the audit log: who did what to what, when and from where."""

    id: int = Field(examples=[1234])
    at: datetime
    action: str = Field(examples=["article.published"])
    actor: AuditActor | None = Field(description="Null for anonymous users, the command line and the blog itself.")
    subject_type: str | None = Field(examples=["articles"])
    subject_id: int | None = Field(examples=[42])
    ip_address: str = Field(examples=["203.0.113.7"], description="Empty for the command line.")
    user_agent: str = Field(examples=["Mozilla/5.0"])
    request_id: str = Field(examples=["0f5d6f0c8d0a4c8a8a8f3f0f5b0f5d6f"])
    details: dict[str, Any] = Field(examples=[{"slug": "a-week-in-lisbon"}])


class AuditEventPage(Page[AuditEventOut]):
    """A page of the audit log."""
