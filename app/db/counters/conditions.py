"""Conditions as text, for the bodies of triggers."""

from sqlalchemy import Dialect
from sqlalchemy.sql.util import ClauseAdapter

from app.db.counters.declarations import Counter


def counts(counter: Counter, row: str, dialect: Dialect) -> str | None:
    """Whether a row counts, by the name that it has in the trigger; None if every row does."""
    if counter.condition is None:
        return None
    condition = ClauseAdapter(counter.counted.alias(row)).traverse(counter.condition)
    return f"({condition.compile(dialect=dialect, compile_kwargs={'literal_binds': True})})"
