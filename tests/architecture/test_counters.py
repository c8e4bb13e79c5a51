"""Every column that is named like a counter is maintained, or says that it is none."""

import re
from collections.abc import Iterator

from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, String, Table

import app.hooks  # noqa: F401 - fills the metadata
from app.db.base import Base
from app.db.counters import NOT_A_COUNTER, declared

_NAMED_LIKE_A_COUNTER = re.compile(r"(^|_)counts?$")
_INTEGERS = (Integer, BigInteger, SmallInteger)


def forgotten(metadata: MetaData) -> Iterator[str]:
    """What is to be done about each column that looks like a counter and is not maintained."""
    maintained = {derived.column for derived in declared(metadata)}
    for table in metadata.sorted_tables:
        for column in table.columns:
            looks_like_one = isinstance(column.type, _INTEGERS) and _NAMED_LIKE_A_COUNTER.search(column.name)
            if looks_like_one and column not in maintained and column.info != NOT_A_COUNTER:
                yield (
                    f"{column} looks like a counter that nothing maintains: declare it with register_counter in the "
                    "models of the domain whose rows it counts, as app/comments/models.py does, or, if it counts no "
                    "rows, give the column info=NOT_A_COUNTER (both from app.db.counters)."
                )


def test_no_counter_has_been_forgotten() -> None:
    assert list(forgotten(Base.metadata)) == []
    assert {str(derived.column) for derived in declared(Base.metadata)} >= {"articles.comment_count"}


def test_one_that_is_forgotten_would_be_noticed() -> None:
    metadata = MetaData()
    Table(
        "things",
        metadata,
        Column("like_count", BigInteger),
        Column("word_count", Integer, info=NOT_A_COUNTER),
        Column("account", Integer),
        Column("count", String),
    )

    (sentence,) = forgotten(metadata)

    assert sentence.startswith("things.like_count looks like a counter that nothing maintains")
