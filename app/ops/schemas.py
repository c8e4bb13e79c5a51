"""Health reports for monitoring."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from app.core.schemas.problem import Problem


class State(StrEnum):
    """A degraded part still works, only less well: requests are still answered correctly."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"
    UNKNOWN = "unknown"


class Part(BaseModel):
    """One of the things needed to answer requests."""

    state: State
    detail: str | None = Field(default=None, description="What is wrong.", examples=["No response in time."])


class Alive(BaseModel):
    """The process is alive."""

    state: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The server is ready for requests; `parts` has the state of each part it needs."""

    state: State = Field(description="`degraded` if any part is. The server is still ready for requests.")
    parts: dict[str, Part] = Field(description="`database`, `migrations`, `jobs`, and `redis` if it is used.")


class Unreadiness(Problem):
    """The server is not ready; requests should be sent elsewhere."""

    parts: dict[str, Part] = Field(description="As for status 200. Parts that are `failing` are the reason.")
