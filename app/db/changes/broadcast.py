"""Broadcasts invalidations to other processes, as part of the transaction that causes them.

On PostgreSQL by NOTIFY, which leaves with the commit and takes a millisecond or two. On SQLite by rows of the table
`invalidations`; whether there is something new in the database is asked of SQLite itself, which costs microseconds.
"""

from collections.abc import Collection

from sqlalchemy import Connection, func, insert, select

from app.cache.keys import EVERYTHING
from app.db.changes.models import Invalidation

CHANNEL = "colophon_invalidations"
# PostgreSQL refuses notifications of 8,000 bytes.
_MAX_BYTES = 7900


def broadcast(connection: Connection, message_id: str, keys: Collection[str]) -> None:
    """Tell all processes, once the connection's transaction has committed, that these surrogate keys are invalid."""
    message = " ".join((message_id, *sorted(keys)))
    if len(message.encode()) > _MAX_BYTES:
        message = f"{message_id} {EVERYTHING}"
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, message)))
    else:
        connection.execute(insert(Invalidation).values(message=message))


def read_message(message: str) -> tuple[str, list[str]]:
    """The id of a broadcast, and its surrogate keys."""
    message_id, *keys = message.split(" ")
    return message_id, keys
