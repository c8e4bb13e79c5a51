"""Reports unexpected errors to Sentry, or a service that speaks its protocol, if `SENTRY_DSN` is set.

Everything logged as an error is reported: where it happened, but neither the values of variables nor the contents of
the request, as those are other people's data.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.core.config import Settings
from app.core.current_request import current_request
from app.core.logging import request_id
from app.core.redaction import redact_all

# An optional dependency.
if TYPE_CHECKING:
    from sentry_sdk.types import Event

# Whatever the SDK, or a part of it that somebody switches on, finds out about who asked and what they sent.
_PRIVATE = ("_meta", "request", "user", "breadcrumbs", "extra", "modules", "server_name")


def configure(settings: Settings, transport: Callable[..., Any] | None = None) -> None:
    """Report errors from now on, if the settings say where to. A `transport` replaces sending them."""
    if settings.sentry_dsn is None:
        return
    import sentry_sdk  # noqa: PLC0415 - see above
    from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415

    options: dict[str, Any] = {"transport": transport} if transport else {}
    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.environment.value,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=scrub,
        # The others hook into the framework and the database in order to find out what this must not know.
        default_integrations=False,
        integrations=[LoggingIntegration(level=None)],
        **options,
    )


def scrub(event: "Event", _hint: dict[str, Any]) -> "Event":
    """What of an event may be sent: no headers, bodies, queries or people, but the request id to find its log lines."""
    kept: Any = {key: redact_all(value) for key, value in event.items() if key not in _PRIVATE}
    tags = {"request_id": request_id.get()}
    request = current_request.get()
    if request is not None and request.route is not None:
        tags["route"] = request.route
    kept["tags"] = tags
    return kept  # type: ignore[no-any-return]
