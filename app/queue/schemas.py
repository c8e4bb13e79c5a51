"""Jobs, as the commands show them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class JobOut(BaseModel):
    """A job without its payload, which may contain a token that gives access to an account."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    key: str | None
    about: str
    state: str
    created_at: datetime
    attempts: int
    run_at: datetime | None
    last_error: str | None


class JobWithPayload(JobOut):
    """A job with its payload."""

    payload: dict[str, Any]
