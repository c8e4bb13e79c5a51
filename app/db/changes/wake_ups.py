"""Waking those who wait for work as soon as a transaction that makes some has committed, in every process.

On PostgreSQL others hear of it by NOTIFY. On SQLite they notice that the file has changed.
"""

import secrets
from collections.abc import Callable

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, SessionTransaction

from app.db.changes.tracking import TrackedSession

CHANNEL = "colophon_jobs"
_MAKES_WORK = "makes_work"


class WakeUps:
    """Who is to be woken in this process."""

    def __init__(self) -> None:
        # Of what was committed here, the database need not tell.
        self.node = secrets.token_hex(4)
        self._subscribers: list[Callable[[], None]] = []

    def subscribe(self, wake: Callable[[], None]) -> None:
        self._subscribers.append(wake)

    def publish(self, node: str = "") -> None:
        """Wake all subscribers, unless the news come from this process's own `node`."""
        if node != self.node:
            for wake in self._subscribers:
                wake()


def wake_after_commit(session: Session) -> None:
    """There will be work once this transaction has committed."""
    session.info[_MAKES_WORK] = True


@event.listens_for(TrackedSession, "before_commit")
def _notify(session: Session) -> None:
    if session.in_nested_transaction():
        return
    # Only the flush finds out what there is, and a commit would flush after this.
    session.flush()
    connection = session.connection() if session.info.get(_MAKES_WORK) else None
    if connection is not None and connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, session.info["wake_ups"].node)))


@event.listens_for(TrackedSession, "after_transaction_end")
def _wake(session: Session, transaction: SessionTransaction) -> None:
    # Also if it was rolled back, which costs a look; should the commit have been in doubt, that is needed.
    if transaction.parent is None and session.info.pop(_MAKES_WORK, False):
        session.info["wake_ups"].publish()
