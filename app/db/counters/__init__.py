"""Columns that triggers derive from other rows, so that they are right however those rows change.

Each is declared once, in the models of the domain whose rows it is derived from. From the declaration come the triggers
of both databases, which are created with the tables, and what `commands.db check` expects and `--repair` restores.
"""

from app.db.counters.correcting import correct
from app.db.counters.declarations import NOT_A_COUNTER, Counter, DerivedColumn, declared
from app.db.counters.expectations import Expectation, expectations, tables_in_lock_order
from app.db.counters.registration import register_counter, register_derived_column
from app.db.counters.triggers import trigger_statements

__all__ = [
    "NOT_A_COUNTER",
    "Counter",
    "DerivedColumn",
    "Expectation",
    "correct",
    "declared",
    "expectations",
    "register_counter",
    "register_derived_column",
    "tables_in_lock_order",
    "trigger_statements",
]
