"""Watches queries: counts them for their request, and logs slow ones."""

import logging
from time import perf_counter
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext

from app.core.current_request import current_request
from app.db import metrics

DEFAULT_SLOW_MS = 200
_MAX_STATEMENT_LENGTH = 2000
# What begins and ends transactions is no query.
_NOT_QUERIES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")
_STARTED = "colophon_started"
_log = logging.getLogger(__name__)


class _Threshold:
    seconds = DEFAULT_SLOW_MS / 1000


def set_slow_query_threshold(milliseconds: int) -> None:
    """Set how long a query of this process must take to count as slow."""
    _Threshold.seconds = milliseconds / 1000


def log_queries(engine: Engine) -> None:
    """Watch all queries that this engine sends."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)


def _begin(connection: Any, *_: Any) -> None:
    connection.info[_STARTED] = perf_counter()


def _end(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    started = connection.info.pop(_STARTED, None)
    if started is not None and not statement.startswith(_NOT_QUERIES):
        query_ran(statement, perf_counter() - started)


def _fail(context: ExceptionContext) -> None:
    # One that has run into a time-out is the slowest of all.
    if context.connection is not None and context.statement is not None and not context.connection.invalidated:
        _end(context.connection, None, context.statement)


def query_ran(statement: str, seconds: float) -> None:
    """Count a query for its request, and log it if it was slow. The statement must contain no values."""
    metrics.query_seconds.observe(seconds)
    request = current_request.get()
    if request is not None:
        request.queries += 1
        request.query_seconds += seconds
    if seconds >= _Threshold.seconds:
        metrics.slow_queries_total.inc()
        fields = {
            "route": request.route if request is not None else None,
            "duration_ms": round(seconds * 1000, 1),
            "statement": " ".join(statement.split())[:_MAX_STATEMENT_LENGTH],
        }
        _log.warning("slow query", extra=fields)
