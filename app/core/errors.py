"""What can go wrong in the domain: a category says what kind it is, a leaf is one rule with its stable code.

`Invalid` is what no state of the blog could make right; `Conflict` is what clashes with what is there now.
"""

from collections.abc import Mapping
from typing import ClassVar


class AppError(Exception):
    """An expected failure.

    `code` never changes once published; `detail` is a sentence for a person; `field` names the input at fault.
    With `leaves_traces` what was stored before the failure stays stored, although the request as a whole failed.
    """

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "The request could not be carried out."
    leaves_traces: ClassVar[bool] = False

    def __init__(self, detail: str | None = None, *, field: str | None = None) -> None:
        self.detail = detail or self.message
        self.field = field
        super().__init__(self.detail)


class Invalid(AppError):
    code = "invalid"


class Unauthenticated(AppError):
    code = "not_authenticated"
    message = "Log in first."


class Forbidden(AppError):
    code = "forbidden"
    message = "Your account may not do this."


class NotFound(AppError):
    code = "not_found"
    message = "There is nothing here."


class Conflict(AppError):
    code = "conflict"


class TooManyRequests(AppError):
    """`retry_after` is in seconds; `headers` say what was allowed."""

    code = "too_many_requests"
    message = "That was too often; wait a while and try again."

    def __init__(
        self, detail: str | None = None, *, retry_after: int, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after), **(headers or {})}


class Unavailable(AppError):
    code = "unavailable"
    message = "The database cannot be reached at the moment; try again soon."


class StorageFull(Unavailable):
    code = "storage_full"
    message = "There is no room left to store anything; what is there can be read. Nothing of this was stored."


class InvalidCursor(Invalid):
    code = "invalid_cursor"
    message = "The cursor does not belong to this list; start from the first page."
