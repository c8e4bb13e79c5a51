"""What determines the next ids: sequences on PostgreSQL, AUTOINCREMENT on SQLite."""

from collections.abc import Mapping

from sqlalchemy import Column, Connection, func, select

from app.ops.maintenance.schema import tables


def _id_columns() -> dict[str, Column[int]]:
    """The id column of each table that generates ids."""
    columns = {table.name: table.autoincrement_column for table in tables()}
    return {name: column for name, column in columns.items() if column is not None}


def highest_ids(connection: Connection) -> dict[str, int]:
    """The highest id in use, by table."""
    return {name: connection.scalar(select(func.max(column))) or 0 for name, column in _id_columns().items()}


def last_ids(connection: Connection) -> dict[str, int]:
    """The last id generated, by table, even if its row has been deleted."""
    if connection.dialect.name == "sqlite":
        found = dict(connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").tuples().all())
        return {name: int(found.get(name, 0)) for name in _id_columns()}
    last = {}
    for name, sequence in _sequences(connection).items():
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}"  # noqa: S608
        last[name] = int(connection.exec_driver_sql(query).scalar_one())
    return last


def continue_from(connection: Connection, last: Mapping[str, int]) -> None:
    """Make the next ids follow these, and all that are in use."""
    highest = highest_ids(connection)
    wanted = {name: max(highest[name], last.get(name, 0)) for name in highest}
    if connection.dialect.name == "sqlite":
        for name, number in wanted.items():
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))
        return
    for name, sequence in _sequences(connection).items():
        if wanted[name]:
            connection.execute(select(func.setval(sequence, wanted[name])))


def _sequences(connection: Connection) -> dict[str, str]:
    found = {
        name: connection.scalar(select(func.pg_get_serial_sequence(name, column.name)))
        for name, column in _id_columns().items()
    }
    return {name: str(sequence) for name, sequence in found.items() if sequence is not None}
