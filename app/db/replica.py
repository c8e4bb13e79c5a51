"""Reading from a replica while it has everything known to be committed, and from the primary otherwise."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, bindparam, cast, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import UserDefinedType

from app.db.compiled_selects import CompiledSelect, ReadPool, Row
from app.db.errors import CONNECTION_ERRORS, is_transient

_LOOK_SECONDS = 0.02
# A replica that is away, or is none, is left alone for so long.
_PAUSE_SECONDS = 5.0
_log = logging.getLogger(__name__)


class _Position(UserDefinedType[str]):
    """A position in PostgreSQL's write-ahead log."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "pg_lsn"


_WRITTEN = CompiledSelect(select(cast(func.pg_current_wal_insert_lsn(), Text)))
# Null where nothing is replayed: such a server is no replica.
_REPLAYED = CompiledSelect(
    select(func.pg_last_wal_replay_lsn() >= cast(cast(bindparam("position", type_=Text), Text), _Position))
)


class ReplicaReadPool:
    """Reads from the replica, unless something has changed that it may not have yet.

    Its lag does not matter while nothing changes. Changes are reported to `note_changes`, as long as `is_current`
    holds.
    """

    def __init__(self, primary: ReadPool, replica: ReadPool, is_current: Callable[[], bool]) -> None:
        self._primary = primary
        self._replica = replica
        self._is_current = is_current
        self._is_caught_up = False
        self._changes = 0
        self._changed = asyncio.Event()
        self._changed.set()

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        if not (self._is_caught_up and self._is_current()):
            return await self._primary.fetch(query, parameters)
        changes = self._changes
        try:
            rows = await self._replica.fetch(query, parameters)
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("the replica does not answer, the primary is asked instead: %r", error)
            self.note_changes()
            return await self._primary.fetch(query, parameters)
        if changes != self._changes:
            # What the replica was asked before it could know of this may be older than what has been acknowledged.
            return await self._primary.fetch(query, parameters)
        return rows

    def note_changes(self, _keys: Collection[str] = ()) -> None:
        """Something was committed: do not use the replica until it has it too."""
        self._changes += 1
        self._is_caught_up = False
        self._changed.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """After each change, find out when the replica has it, until told to stop."""
        stopped = asyncio.create_task(stopping.wait())
        while not stopped.done():
            changed = asyncio.create_task(self._changed.wait())
            await asyncio.wait([changed, stopped], return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            self._changed.clear()
            try:
                pause = 0.0 if await self._catch_up(stopped) else _PAUSE_SECONDS
            except CONNECTION_ERRORS + (SQLAlchemyError,) as error:  # noqa: RUF005 - mypy follows no unpacking
                # Also from a server that is no primary any more, or none yet.
                _log.warning("it cannot be told how far the replica is: %r", error)
                pause = _PAUSE_SECONDS
            if pause:
                self._changed.set()
                await asyncio.wait([stopped], timeout=pause)

    async def _catch_up(self, stopped: "asyncio.Task[Any]") -> bool:
        """Wait until the replica has what the primary has now; False if it should be left alone for a while."""
        changes = self._changes
        ((position,),) = await self._primary.fetch(_WRITTEN, {})
        deadline = time.monotonic() + _PAUSE_SECONDS
        while not stopped.done() and changes == self._changes:
            ((has_it,),) = await self._replica.fetch(_REPLAYED, {"position": position})
            if has_it:
                self._is_caught_up = changes == self._changes
                return True
            if has_it is None or time.monotonic() > deadline:
                _log.warning("the replica %s", "is no replica" if has_it is None else f"is behind {position}")
                return False
            await asyncio.wait([stopped], timeout=_LOOK_SECONDS)
        return True

    async def close(self) -> None:
        await self._primary.close()
        await self._replica.close()
