"""What those who watch the server are told."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from app.core.schemas.problem import Problem


class State(StrEnum):
    """Degraded is what works on, only less well: requests are still answered, and answered rightly."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"
    UNKNOWN = "unknown"


class Part(BaseModel):
    """One of the things that answering requests needs."""

    state: State
    detail: str | None = Field(default=None, description="What is wrong.", examples=["No answer within a second."])


class Alive(BaseModel):
    """That the process answers at all."""

    state: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """That requests may be sent here, and how what they need is doing."""

    state: State = Field(description="`degraded` if a part is; requests may be sent here all the same.")
    parts: dict[str, Part] = Field(description="`database`, `migrations`, `mail`, and `redis` where it is used.")


class Unreadiness(Problem):
    """That requests should be sent elsewhere."""

    parts: dict[str, Part] = Field(description="As for 200; the ones that are `failing` are why.")
