"""Tracks which public responses a transaction invalidates, and publishes that once it has committed.

Changes of objects are seen when the session flushes them. A statement that changes many rows at once declares what it
invalidates (`invalidates`), or it invalidates everything.
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
from app.db.changes.broadcast import broadcast

_INVALIDATED = "invalidated"
# The id of the broadcast that leaves with the commit.
_MESSAGE_ID = "invalidation_message_id"
_REMEMBERED_IDS = 1000


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
_private_tables: set[FromClause] = set()


def register_public(
    table: FromClause, keys_of: Callable[[Change], set[str]] | None = None, *, is_seen_when_new: bool = True
) -> None:
    """Declare that public responses show rows of a table.

    `keys_of` gives the surrogate keys that a change of one object invalidates. A statement that changes rows of the
    table invalidates everything, unless it declares what; inserting rows that no public response shows before something
    else changes too does not (`is_seen_when_new`).
    """
    _public_tables[table] = _PublicTable(keys_of, is_seen_when_new)


def register_private(*tables: FromClause) -> None:
    """Declare that no public response shows anything of these tables."""
    _private_tables.update(tables)


def is_public(table: FromClause) -> bool:
    """Whether public responses show rows of this table."""
    return table in _public_tables


def is_declared(table: FromClause) -> bool:
    """Whether a domain has said if public responses show rows of this table."""
    return table in _public_tables or table in _private_tables


class InvalidationBus:
    """Passes invalidations on inside this process."""

    def __init__(self) -> None:
        self._node = secrets.token_hex(4)
        self._numbers = count(1)
        # What has been published here, be it by a commit or from the database: of this process's changes, both come.
        self._known_ids: deque[str] = deque(maxlen=_REMEMBERED_IDS)
        self._subscribers: list[Callable[[Collection[str]], None]] = []

    def next_message_id(self) -> str:
        """An id for a broadcast, unlike any other process's."""
        return f"{self._node}.{next(self._numbers)}"

    def subscribe(self, subscriber: Callable[[Collection[str]], None]) -> None:
        self._subscribers.append(subscriber)

    def publish(self, surrogate_keys: Collection[str], message_id: str | None = None) -> None:
        """Tell all subscribers that these keys are invalid; of one message id, once.

        A commit of this process publishes by itself, and is heard from the database too: should it have taken effect
        without being confirmed, that is the only news of it.
        """
        if message_id is not None:
            if message_id in self._known_ids:
                return
            self._known_ids.append(message_id)
        for subscriber in self._subscribers:
            subscriber(surrogate_keys)


class TrackedSession(Session):
    """A session that publishes what it invalidates on the bus in its `info`, and to other processes."""


def invalidates(*surrogate_keys: str) -> dict[str, Any]:
    """Execution options of a statement that changes rows: the keys that it invalidates."""
    return {_INVALIDATED: frozenset(surrogate_keys)}


def _invalidated(session: Session) -> set[str]:
    found: set[str] = session.info.setdefault(_INVALIDATED, set())
    return found


@event.listens_for(TrackedSession, "do_orm_execute")
def _track_statement(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    table = getattr(state.statement, "table", None)
    public = _public_tables.get(table) if isinstance(table, Table) else None
    if public is None or (state.is_insert and not public.is_seen_when_new):
        return
    _invalidated(state.session).update(state.execution_options.get(_INVALIDATED, {keys.EVERYTHING}))


@event.listens_for(TrackedSession, "before_flush")
def _track_objects(session: Session, _context: object, _instances: object) -> None:
    if not _public_tables:
        raise RuntimeError("no domain has declared what it shows: import app.hooks")
    invalidated = _invalidated(session)
    for instance in session.dirty:
        invalidated |= _keys_of(inspect(instance), is_update=True)
    for instance in (*session.new, *session.deleted):
        invalidated |= _keys_of(inspect(instance), is_update=False)


@event.listens_for(TrackedSession, "before_commit")
def _broadcast(session: Session) -> None:
    if session.in_nested_transaction():
        return
    # Only the flush finds out what has changed, and a commit would flush after this.
    session.flush()
    if invalidated := _invalidated(session):
        message_id = session.info[_MESSAGE_ID] = session.info["invalidations"].next_message_id()
        broadcast(session.connection(), message_id, invalidated)


@event.listens_for(TrackedSession, "after_commit")
def _publish(session: Session) -> None:
    if session.in_nested_transaction():
        return
    if invalidated := session.info.pop(_INVALIDATED, None):
        session.info["invalidations"].publish(invalidated, session.info.pop(_MESSAGE_ID, None))


@event.listens_for(TrackedSession, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return
    invalidated = session.info.pop(_INVALIDATED, None)
    if invalidated and session.info.pop(_MESSAGE_ID, None) is not None:
        # The commit was begun, and nobody said how it ended: it may have taken effect.
        session.info["invalidations"].publish(invalidated)


def _keys_of(state: InstanceState[Any], *, is_update: bool) -> set[str]:
    """The surrogate keys that an object's change invalidates."""
    table = _public_tables.get(state.mapper.local_table)
    changed = frozenset(item.key for item in state.attrs if not is_update or item.history.has_changes())
    if table is None or table.keys_of is None or not changed:
        return set()
    return table.keys_of(Change(state, changed, is_update=is_update))
