"""What the commands for the whole database share."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

import typer

from commands.runtime import REFUSED, UNUSABLE_DATABASE, refuse, run

INTERRUPTED = 130
_SHOW_CURSOR = "\x1b[?25h"
T = TypeVar("T")


def maintain(database_url: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run asynchronous work on a database, or exit with a sentence that says why it cannot be done."""
    from alembic.util import CommandError

    from app.db import query_log
    from app.ops.maintenance.reading import Unreadable
    from app.ops.maintenance.schema import MaintenanceRefused

    # Queries over whole tables are slow, and that is no news.
    query_log.set_slow_query_threshold(sys.maxsize)
    try:
        return run(database_url, work, CommandError)
    except MaintenanceRefused as error:
        refuse(str(error), code=UNUSABLE_DATABASE if isinstance(error, Unreadable) else REFUSED)
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(INTERRUPTED) from None


def stop_at_once_when_interrupted(sentence: str) -> None:
    """For work that can be interrupted without loss: do not wait for a long statement or an unreachable server."""

    def stop(*_: object) -> NoReturn:
        # A progress bar would have brought the cursor back at its end.
        typer.echo(f"{_SHOW_CURSOR if sys.stderr.isatty() else ''}Interrupted. {sentence}", err=True)
        sys.stdout.flush()
        os._exit(INTERRUPTED)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, stop)
