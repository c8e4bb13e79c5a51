"""What the next ids will be: sequences on PostgreSQL, AUTOINCREMENT on SQLite."""

from collections.abc import Mapping

from sqlalchemy import Column, Connection, func, select

from app.ops.maintenance.schema import tables


def _id_columns() -> dict[str, Column[int]]:
    """The column of each table that hands out ids."""
    columns = {table.name: table.autoincrement_column for table in tables()}
    return {name: column for name, column in columns.items() if column is not None}


def highest_ids(connection: Connection) -> dict[str, int]:
    """The highest id that is in use, by table."""
    return {name: connection.scalar(select(func.max(column))) or 0 for name, column in _id_columns().items()}


def last_ids(connection: Connection) -> dict[str, int]:
    """The last id that was handed out, by table, also where its row is gone."""
    if connection.dialect.name == "sqlite":
        found = dict(connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").tuples().all())
        return {name: int(found.get(name, 0)) for name in _id_columns()}
    last = {}
    for name, sequence in _sequences(connection).items():
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}"  # noqa: S608
        last[name] = int(connection.exec_driver_sql(query).scalar_one())
    return last


def continue_from(connection: Connection, last: Mapping[str, int]) -> None:
    """Have the next ids come after these, and after all that are in use."""
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
