"""Health reports for monitoring."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from app.core.schemas.base import Output
from app.core.schemas.problem import Problem


class HealthState(StrEnum):
    """A degraded part still works, only less well: requests are still answered correctly."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"
    UNKNOWN = "unknown"


class HealthPart(Output):
    """One of the things needed to answer requests."""

    state: HealthState
    detail: str | None = Field(default=None, description="What is wrong.", examples=["No response in time."])


class Alive(Output):
    """The process is alive."""

    state: Literal["ok"] = "ok"


class Readiness(Output):
    """The server is ready for requests; `parts` has the state of each part it needs."""

    state: HealthState = Field(
        examples=["degraded"], description="`degraded` if any part is. The server is still ready for requests."
    )
    parts: dict[str, HealthPart] = Field(
        examples=[{"jobs": {"state": "degraded", "detail": "A job of the kind mail has been overdue for 12 minutes."}}],
        description="`database`, `migrations`, `jobs`, `backup` if there are to be any, and `redis` if it is used.",
    )


class Unreadiness(Problem):
    """The server is not ready; requests should be sent elsewhere."""

    parts: dict[str, HealthPart] = Field(
        examples=[{"database": {"state": "failing", "detail": "No response in time."}}],
        description="As for status 200. Parts that are `failing` are the reason.",
    )
