"""What can go wrong in the domain: a category says what kind it is, a leaf is one rule with its stable code.

`Invalid` is what no state of the blog could make right; `Conflict` is what clashes with what is there now.
"""

from collections.abc import Mapping
from typing import ClassVar


class AppError(Exception):
    """An expected failure.

    `code` never changes once published; `detail` is a sentence for a person; `field` names the input at fault.
    With `commits_on_error` what was stored before the failure stays stored, although the request as a whole failed.
    """

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "The request could not be completed."
    commits_on_error: ClassVar[bool] = False

    def __init__(self, detail: str | None = None, *, field: str | None = None) -> None:
        self.detail = detail or self.message
        self.field = field
        super().__init__(self.detail)


class Invalid(AppError):
    code = "invalid"


class Unauthenticated(AppError):
    code = "not_authenticated"
    message = "You must be logged in."


class Forbidden(AppError):
    code = "forbidden"
    message = "You are not allowed to do this."


class NotFound(AppError):
    code = "not_found"
    message = "Not found."


class Gone(AppError):
    code = "gone"
    message = "This has been deleted."


class Moved(AppError):
    """What is asked for under the slug `former` has another one now."""

    code = "moved"
    message = "This has moved to another slug."

    def __init__(self, detail: str | None = None, *, former: str, slug: str) -> None:
        super().__init__(detail)
        self.former = former
        self.slug = slug


class Conflict(AppError):
    code = "conflict"


class PreconditionFailed(AppError):
    """`etag` is the present one of the resource, if it has one."""

    code = "precondition_failed"
    message = "This has changed since you last read it, no longer exists, or already exists."

    def __init__(self, detail: str | None = None, *, etag: str | None = None) -> None:
        super().__init__(detail)
        self.headers = {} if etag is None else {"ETag": etag}


class PreconditionRequired(AppError):
    code = "precondition_required"
    message = (
        "Send the header `If-Match` with the `ETag` of what you change, or `If-None-Match: *` if there is nothing yet, "
        "so that nobody's changes are lost."
    )


class TooManyRequests(AppError):
    """`retry_after` is in seconds; `headers` say what was allowed."""

    code = "too_many_requests"
    message = "Too many requests. Try again later."

    def __init__(
        self, detail: str | None = None, *, retry_after: int, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after), **(headers or {})}


class Unavailable(AppError):
    code = "unavailable"
    message = "The database is currently unavailable. Try again shortly."


class StorageFull(Unavailable):
    code = "storage_full"
    message = "Storage is full. Reading still works; nothing was saved."


class InvalidPrecondition(Invalid):
    code = "invalid_precondition"
    message = "Send `*`, or entity tags as they were received: in double quotes, separated by commas."


class InvalidCursor(Invalid):
    code = "invalid_cursor"
    message = "The cursor is not valid for this list. Start from the first page."
