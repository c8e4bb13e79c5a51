"""Tells other processes which public answers are out of date, and hears it from them.

On PostgreSQL by NOTIFY, which leaves with the commit and takes a millisecond or two. On SQLite by rows of the table
`purges`; that there is something new in the database is asked of SQLite itself, which costs microseconds.
"""

from collections.abc import Collection

from sqlalchemy import Connection, func, insert, select

from app.cache.keys import EVERYTHING
from app.db.changes.models import Purge

CHANNEL = "colophon_purges"
# PostgreSQL refuses notifications of 8,000 bytes.
_LONGEST = 7900


def announce(connection: Connection, name: str, keys: Collection[str]) -> None:
    """Have all processes told under this name, once the connection's transaction has committed."""
    message = " ".join((name, *sorted(keys)))
    if len(message.encode()) > _LONGEST:
        message = f"{name} {EVERYTHING}"
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, message)))
    else:
        connection.execute(insert(Purge).values(message=message))


def read_announcement(message: str) -> tuple[str, list[str]]:
    """The name of an announcement, and the keys of what it is about."""
    name, *keys = message.split(" ")
    return name, keys
