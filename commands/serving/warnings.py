"""What works in production, but is probably not meant."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

# What takes long to import is imported where it is used, so that --help and refusals come at once.
if TYPE_CHECKING:
    from app.core.config import Settings

_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


def warnings_for_production(settings: "Settings") -> Iterator[str]:
    """One sentence for each."""
    if urlsplit(settings.frontend_url).hostname in _THIS_MACHINE:
        yield f"FRONTEND_URL is {settings.frontend_url}: nobody elsewhere can follow the links in mails."
    if not settings.rate_limits:
        yield "RATE_LIMITS is off: passwords can be guessed as fast as the server answers."
    if settings.rate_limits and settings.workers > 1 and settings.redis_url is None:
        yield f"WORKERS is {settings.workers} without REDIS_URL: each process counts limits for itself."
    if not settings.allowed_hosts:
        yield "ALLOWED_HOSTS is empty: the server answers to any name."
    if settings.mail_server is None:
        yield "MAIL_SERVER is not set: mails are written to a folder, and reach nobody."
