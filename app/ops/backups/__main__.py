"""The process that makes a nightly backup, so that the server neither waits for it nor loads what it needs.

It is told on its standard input where; on success it says on its standard output what it has made.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.core import clock
from app.db import query_log
from app.db.errors import CONNECTION_ERRORS
from app.ops.backups import schedule
from app.ops.backups.folder import BackupFolder
from app.ops.backups.making import make_backup
from app.ops.maintenance.schema import MaintenanceRefused

# Requests come first.
_NICENESS = 10


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.nice(_NICENESS)
    query_log.set_slow_query_threshold(sys.maxsize)
    told = json.load(sys.stdin)
    folder = BackupFolder(Path(told["folder"]), told["database_url"], told["keep"])
    try:
        made = asyncio.run(make_backup(folder, wait=False, is_wanted=lambda: _is_wanted(folder)))
    except MaintenanceRefused as error:
        sys.exit(str(error))
    except CONNECTION_ERRORS + (SQLAlchemyError,) as error:  # noqa: RUF005 - mypy follows no unpacking
        # Its first line only: in the others may be what is stored.
        cause = str(getattr(error, "orig", None) or error).partition("\n")[0]
        sys.exit(f"The database cannot be used: {cause or type(error).__name__}")
    if made is not None:
        print(json.dumps(_described(made)))  # noqa: T201 - it is how the server learns of it


def _is_wanted(folder: BackupFolder) -> bool:
    now = clock.now()
    return schedule.is_due(folder.newest(now), now) and schedule.may_be_tried(folder.last_attempt(), now)


def _described(made: Any) -> dict[str, Any]:
    problems = [str(finding) for finding in made.findings if finding.kind == "finding"]
    return {"path": str(made.path), "size": made.size, "seconds": made.seconds, "problems": problems}


if __name__ == "__main__":
    main()
