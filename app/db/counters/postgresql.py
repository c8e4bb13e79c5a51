"""Triggers that count on PostgreSQL: for each statement, with all the rows that it changed.

Statements that change the same counters at once wait for each other. Lest they do so crosswise, each locks what it is
going to change in one order: counter by counter as they were declared, and the rows of each by their ids.
"""

# ruff: noqa: S608 - the names in these statements come from the models

from collections.abc import Iterator, Sequence

from sqlalchemy import Dialect, Table

from app.db.counters.conditions import counts
from app.db.counters.declarations import Counter

_TRANSITIONS = {
    "INSERT": "NEW TABLE AS arrived",
    "UPDATE": "OLD TABLE AS departed NEW TABLE AS arrived",
    "DELETE": "OLD TABLE AS departed",
}


def triggers(table: Table, counters: Sequence[Counter], dialect: Dialect) -> Iterator[str]:
    """What creates the function and the triggers for all that counts the rows of this table."""
    quoted = dialect.identifier_preparer.quote
    function = quoted(f"count_{table.name}")
    bodies = "".join(_count(counter, dialect) for counter in counters)
    yield f"""\
CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
    differences bigint[];
BEGIN
{bodies}    RETURN NULL;
END $$"""
    for event, rows in _TRANSITIONS.items():
        yield (
            f"CREATE TRIGGER {quoted(f'{table.name}_counted_{event.lower()}')} AFTER {event} ON {quoted(table.name)} "
            f"REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )


def _count(counter: Counter, dialect: Dialect) -> str:
    quoted = dialect.identifier_preparer.quote
    table, column, key = quoted(counter.table.name), quoted(counter.column.name), quoted(counter.key.name)
    arrived, departed = _moved(counter, "arrived", 1, dialect), _moved(counter, "departed", -1, dialect)
    return f"""\
    IF TG_OP = 'INSERT' THEN
        {_sum_up(arrived)}
    ELSIF TG_OP = 'DELETE' THEN
        {_sum_up(departed)}
    ELSE
        {_sum_up(departed, arrived)}
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM 1 FROM {table} WHERE {table}.{key} = ANY (ids) ORDER BY {table}.{key} FOR NO KEY UPDATE;
        UPDATE {table} SET {column} = {table}.{column} + net.difference
        FROM unnest(ids, differences) AS net (id, difference) WHERE {table}.{key} = net.id;
    END IF;
"""


def _moved(counter: Counter, rows: str, difference: int, dialect: Dialect) -> str:
    reference, condition = dialect.identifier_preparer.quote(counter.reference.name), counts(counter, rows, dialect)
    return (
        f"SELECT {rows}.{reference} AS id, {difference} AS difference FROM {rows}"
        f"\n                WHERE {rows}.{reference} IS NOT NULL{f' AND {condition}' if condition else ''}"
    )


def _sum_up(*moved: str) -> str:
    """Collects the counters to change, and by how much."""
    union = "\n                UNION ALL ".join(moved)
    return f"""\
SELECT array_agg(net.id), array_agg(net.difference) INTO ids, differences FROM (
            SELECT moved.id, sum(moved.difference) AS difference FROM (
                {union}
            ) AS moved GROUP BY moved.id HAVING sum(moved.difference) <> 0
        ) AS net;"""
