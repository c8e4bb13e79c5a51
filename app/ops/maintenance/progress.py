"""The progress of a copy, kept in the target itself so that it commits together with the rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, insert, inspect, select

_PROGRESS = Table(
    "database_copy", MetaData(), Column("item", Text, primary_key=True), Column("value", Text, nullable=False)
)


@dataclass(frozen=True)
class TableProgress:
    """How many rows of a table have been copied, and the key of the last of them."""

    rows: int = 0
    key: Sequence[Any] | None = None
    is_done: bool = False


def is_under_way(connection: Connection) -> bool:
    """Whether a copy into this database has begun and not finished."""
    return inspect(connection).has_table(_PROGRESS.name)


def begin(connection: Connection, facts: Mapping[str, Any]) -> None:
    """Begin to record progress; `facts` are kept until the end."""
    _PROGRESS.create(connection)
    for item, value in facts.items():
        _store(connection, item, value)


def fact(connection: Connection, item: str) -> Any:
    """One of the facts that were given at the beginning."""
    return json.loads(connection.execute(select(_PROGRESS.c.value).where(_PROGRESS.c.item == item)).scalar_one())


def of_table(connection: Connection, name: str) -> TableProgress:
    statement = select(_PROGRESS.c.value).where(_PROGRESS.c.item == f"table {name}")
    stored = connection.scalar(statement)
    return TableProgress(**json.loads(stored)) if stored else TableProgress()


def note(connection: Connection, name: str, progress: TableProgress) -> None:
    _store(connection, f"table {name}", progress.__dict__)


def end(connection: Connection) -> None:
    _PROGRESS.drop(connection)


def _store(connection: Connection, item: str, value: Any) -> None:
    connection.execute(delete(_PROGRESS).where(_PROGRESS.c.item == item))
    connection.execute(insert(_PROGRESS).values(item=item, value=json.dumps(value)))
