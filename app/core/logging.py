"""Logging: one line per event, with the id of its request.

Everything logs through the standard library, third-party code included; structlog writes the lines: as JSON in
production, human-readable in development.
"""

import json
import logging
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from app.core.config import Environment, Settings
from app.core.redaction import redact_all

# It takes long to import, and commands that log nothing do without.
if TYPE_CHECKING:
    from structlog.typing import Processor

request_id: ContextVar[str] = ContextVar("request_id", default="-")
# What the standard library puts on every record; whatever else is there was given as `extra`.
_STANDARD = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", "color_message"})
_encode = json.JSONEncoder(default=str).encode


def configure(settings: Settings) -> None:
    """Log to standard error, as configured."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter(settings.environment))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    # The server's own line for each request has the address as it was sent, with all that is in it.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    # What is in no line need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - so the manual says


class LogFormatter(logging.Formatter):
    """Formats a log record as a line.

    structlog's own formatter copies each record first, which took as long as everything else.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        import structlog  # noqa: PLC0415 - see above

        self._add_time: Processor = structlog.processors.TimeStamper(fmt="iso", utc=True)
        self._render: Processor = structlog.processors.JSONRenderer(serializer=lambda event, **_: _encode(event))
        if environment is Environment.DEVELOPMENT:
            self._render = structlog.dev.ConsoleRenderer(
                colors=sys.stderr is not None and sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
                pad_event_to=0,
            )

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": redact_all(record.getMessage()),
            "request_id": request_id.get(),
        }
        for name, value in record.__dict__.items():
            if name not in _STANDARD:
                event[name] = redact_all(value)
        if record.exc_info:
            # Without the values of variables, which structlog would show: they may be passwords.
            event["exception"] = redact_all(self.formatException(record.exc_info))
        self._add_time(None, record.levelname, event)
        return str(self._render(None, record.levelname, event))
