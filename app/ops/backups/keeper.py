"""Has a backup made every night while the server runs, and knows how old the newest one is."""

import asyncio
import json
import logging
import sys
import time
from asyncio.subprocess import PIPE
from datetime import datetime, timedelta

from app.core import clock
from app.core.background import repeat
from app.core.config import Settings
from app.ops.backups import metrics, schedule
from app.ops.backups.folder import BackupFolder, backup_folder
from app.ops.schemas import HealthPart, HealthState

LOOK_SECONDS = 60.0
# By then a new blog should have its first backup.
FIRST_WITHIN_SECONDS = 600.0
_STOP_SECONDS = 2.0
_log = logging.getLogger(__name__)


class BackupKeeper:
    """Each process has one. Those that share a folder take turns: whoever comes first makes the backup of a night."""

    def __init__(self, settings: Settings) -> None:
        self._folder = backup_folder(settings)
        self._newest: datetime | None = None
        self._started = time.monotonic()
        self._tried_at: datetime | None = None
        self._has_looked = False
        self._last_problem = ""

    def health(self) -> HealthPart | None:
        """Whether the newest backup is as new as it should be; `None` if none are wanted."""
        if self._folder is None:
            return None
        if self._newest is None:
            if time.monotonic() - self._started < FIRST_WITHIN_SECONDS:
                return HealthPart(state=HealthState.OK)
            return HealthPart(state=HealthState.DEGRADED, detail="There is no backup.")
        age = clock.now() - self._newest
        if not schedule.is_late(self._newest, clock.now()):
            return HealthPart(state=HealthState.OK)
        # All servers may share the backups: all would leave at once, although readers need none of it.
        return HealthPart(
            state=HealthState.DEGRADED, detail=f"The newest backup is {age // timedelta(hours=1)} hours old."
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """Look every minute whether a backup is due, until told to stop."""
        folder = self._folder
        if folder is None:
            return

        async def look() -> bool:
            await self._look(folder, stopping)
            return False

        await repeat("looking for backups", look, LOOK_SECONDS, stopping)

    async def _look(self, folder: BackupFolder, stopping: asyncio.Event) -> None:
        await self._note_newest(folder)
        now = clock.now()
        is_first, self._has_looked = not self._has_looked, True
        # Whoever has just been started has requests to answer first.
        if is_first or not schedule.is_due(self._newest, now) or not schedule.may_be_tried(self._tried_at, now):
            return
        if not schedule.may_be_tried(await asyncio.to_thread(folder.last_attempt), now):
            # By another process.
            return
        self._tried_at = now
        await self._make(folder, stopping)
        await self._note_newest(folder)

    async def _note_newest(self, folder: BackupFolder) -> None:
        # In a thread: the folder may be on a drive at the other end of a network.
        self._newest = await asyncio.to_thread(folder.newest, clock.now())
        metrics.last_backup_seconds.set(self._newest.timestamp() if self._newest else 0)

    async def _make(self, folder: BackupFolder, stopping: asyncio.Event) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.ops.backups", stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        # Not in its arguments, which everybody on the machine can read.
        told = {"folder": str(folder.path), "database_url": folder.database_url, "keep": folder.keep}
        talking = asyncio.create_task(process.communicate(json.dumps(told).encode()))
        stopped = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait([talking, stopped], return_when=asyncio.FIRST_COMPLETED)
            if talking.done():
                self._tell(process.returncode, *talking.result())
        finally:
            stopped.cancel()
            await _end(process, talking)

    def _tell(self, code: int | None, output: bytes, errors: bytes) -> None:
        if code:
            problem = (errors.decode(errors="replace").strip().splitlines() or [f"its process ended with {code}"])[-1]
            # Once is enough, however often it is tried.
            level = logging.DEBUG if problem == self._last_problem else logging.ERROR
            _log.log(level, "the nightly backup failed, and is tried again: %s", problem)
            self._last_problem = problem
            return
        self._last_problem = ""
        if not output.strip():
            return
        made = json.loads(output)
        _log.info("backed up to %s: %.1f MB in %.1f s", made["path"], made["size"] / 1_000_000, made["seconds"])
        for problem in made["problems"]:
            _log.warning("the backup has what `commands.db check` reports: %s", problem)


async def _end(process: asyncio.subprocess.Process, talking: "asyncio.Task[tuple[bytes, bytes]]") -> None:
    """What it has written so far, it removes itself; should it be killed, the next one does."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await talking
    except TimeoutError:
        process.kill()
        await process.wait()
