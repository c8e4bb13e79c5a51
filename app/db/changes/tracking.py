"""Finds out which public answers a transaction puts out of date, and says so once it has committed.

Changes of objects are seen when the session flushes them. A statement that changes many rows at once says itself what
it concerns (`concerning`), or it concerns everything.
"""

import secrets
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import FromClause, Table, event, inspect
from sqlalchemy.orm import InstanceState, ORMExecuteState, Session, SessionTransaction

from app.cache import keys
from app.db.changes.broadcast import announce

_CONCERNED = "concerned"
# Of the announcement that leaves with the commit.
_NAME = "announcement"
_KNOWN = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """What a flush is about to do to an object: an update of these fields; of one that comes or goes, all fields."""

    state: InstanceState[Any]
    fields: frozenset[str]
    is_update: bool

    @property
    def instance(self) -> Any:
        return self.state.object


@dataclass(frozen=True, slots=True)
class _PublicTable:
    keys_of: Callable[[Change], set[str]] | None
    is_seen_when_new: bool


_public_tables: dict[FromClause, _PublicTable] = {}


def register_public(
    table: FromClause, keys_of: Callable[[Change], set[str]] | None = None, *, is_seen_when_new: bool = True
) -> None:
    """Declare that public answers show rows of a table.

    `keys_of` gives the keys of the answers that a change of one object puts out of date. A statement that changes rows
    of the table puts everything out of date, unless it says what it concerns; inserting rows that nothing public shows
    before something else changes too does not (`is_seen_when_new`).
    """
    _public_tables[table] = _PublicTable(keys_of, is_seen_when_new)


class Purges:
    """Where it is announced, inside this process, which answers are out of date."""

    def __init__(self) -> None:
        self._node = secrets.token_hex(4)
        self._numbers = count(1)
        # What has been announced here, be it by a commit or from the database: of one's own changes, both come.
        self._known: deque[str] = deque(maxlen=_KNOWN)
        self._listeners: list[Callable[[Collection[str]], None]] = []

    def next_name(self) -> str:
        """A name for an announcement, unlike any other process's."""
        return f"{self._node}.{next(self._numbers)}"

    def subscribe(self, listener: Callable[[Collection[str]], None]) -> None:
        self._listeners.append(listener)

    def announce(self, changed: Collection[str], name: str | None = None) -> None:
        """Tell who listens that answers with these keys are out of date; under one name, once.

        A commit of this process announces itself, and is heard from the database too: should it have taken effect
        without being confirmed, that is the only news of it.
        """
        if name is not None:
            if name in self._known:
                return
            self._known.append(name)
        for listener in self._listeners:
            listener(changed)


class WatchedSession(Session):
    """A session that announces what it has changed to the `Purges` in its `info`, and to other processes."""


def concerning(*concerned: str) -> dict[str, Any]:
    """Execution options of a statement that changes rows: the answers that it puts out of date."""
    return {_CONCERNED: frozenset(concerned)}


def _concerned(session: Session) -> set[str]:
    found: set[str] = session.info.setdefault(_CONCERNED, set())
    return found


@event.listens_for(WatchedSession, "do_orm_execute")
def _see_statement(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    table = getattr(state.statement, "table", None)
    public = _public_tables.get(table) if isinstance(table, Table) else None
    if public is None or (state.is_insert and not public.is_seen_when_new):
        return
    _concerned(state.session).update(state.execution_options.get(_CONCERNED, {keys.EVERYTHING}))


@event.listens_for(WatchedSession, "before_flush")
def _see_objects(session: Session, _context: object, _instances: object) -> None:
    concerned = _concerned(session)
    for instance in session.dirty:
        concerned |= _concerned_by(inspect(instance), is_update=True)
    for instance in (*session.new, *session.deleted):
        concerned |= _concerned_by(inspect(instance), is_update=False)


@event.listens_for(WatchedSession, "before_commit")
def _tell_other_processes(session: Session) -> None:
    if session.in_nested_transaction():
        return
    # Only the flush finds out what has changed, and a commit would flush after this.
    session.flush()
    if concerned := _concerned(session):
        name = session.info[_NAME] = session.info["purges"].next_name()
        announce(session.connection(), name, concerned)


@event.listens_for(WatchedSession, "after_commit")
def _tell_this_process(session: Session) -> None:
    if session.in_nested_transaction():
        return
    if concerned := session.info.pop(_CONCERNED, None):
        session.info["purges"].announce(concerned, session.info.pop(_NAME, None))


@event.listens_for(WatchedSession, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return
    concerned = session.info.pop(_CONCERNED, None)
    if concerned and session.info.pop(_NAME, None) is not None:
        # The commit was begun, and nobody said how it ended: it may have taken effect.
        session.info["purges"].announce(concerned)


def _concerned_by(state: InstanceState[Any], *, is_update: bool) -> set[str]:
    """The keys of the answers that an object's change puts out of date; of one that comes or goes, all it is in."""
    table = _public_tables.get(state.mapper.local_table)
    changed = frozenset(item.key for item in state.attrs if not is_update or item.history.has_changes())
    if table is None or table.keys_of is None or not changed:
        return set()
    return table.keys_of(Change(state, changed, is_update=is_update))
