"""Warnings about settings that work in production but are probably not intended."""

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
        yield f"FRONTEND_URL is {settings.frontend_url}, so links in emails only work on this machine."
    if not settings.rate_limits:
        yield "RATE_LIMITS is off, so passwords can be guessed as fast as the server responds."
    if settings.rate_limits and settings.workers > 1 and settings.redis_url is None:
        yield f"WORKERS is {settings.workers} without REDIS_URL, so each process counts rate limits separately."
    if not settings.allowed_hosts:
        yield "ALLOWED_HOSTS is empty, so the server accepts any host name."
    if settings.mail_server is None:
        yield "MAIL_SERVER is not set, so emails are written to a folder instead of being sent."
