"""Whether two databases hold the same rows, determined by reading both completely."""

import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.ops.maintenance.findings import MAX_SHOWN_ROWS
from app.ops.maintenance.reading import batches, between
from app.ops.maintenance.schema import row_counts, tables
from app.ops.maintenance.steps import Report, Step
from app.ops.maintenance.table_rows import Row, key_of, normaliser


@dataclass
class Side:
    """What one of the two databases has in a table."""

    rows: int = 0
    digest: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=8))

    def add(self, rows: Sequence[Row]) -> None:
        self.rows += len(rows)
        for row in rows:
            self.digest.update(repr(row).encode("utf-8", "surrogatepass"))

    @property
    def checksum(self) -> str:
        """A checksum of all values, in primary key order; the same on every database."""
        return self.digest.hexdigest()


@dataclass
class Comparison:
    """One table of two databases."""

    table: str
    source: Side = field(default_factory=Side)
    target: Side = field(default_factory=Side)
    # The primary keys of the first rows that are not the same, or that only one of the two has.
    differing: list[Row] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return self.source.rows == self.target.rows and self.source.checksum == self.target.checksum


async def compare(source: AsyncConnection, target: AsyncConnection, report: Report) -> list[Comparison]:
    """Compare every table of both, row by row."""
    totals = await source.run_sync(row_counts)
    return [await _compare(source, target, table, totals.get(table.name, 0), report) for table in tables()]


async def _compare(
    source: AsyncConnection, target: AsyncConnection, table: Table, total: int, report: Report
) -> Comparison:
    comparison = Comparison(table.name)
    normalise = normaliser(table)
    last: Row | None = None
    report(Step("Verifying", table.name, 0, total))
    async with aclosing(batches(source, table)) as parts:
        async for part in parts:
            until = key_of(table, part[-1])
            there = await between(target, table, last, until)
            _add(comparison, table, [normalise(row) for row in part], [normalise(row) for row in there])
            last = until
            report(Step("Verifying", table.name, comparison.source.rows, total))
    async with aclosing(batches(target, table, after=last)) as surplus:
        async for part in surplus:
            _add(comparison, table, [], [normalise(row) for row in part])
    report(Step("Verifying", table.name, comparison.source.rows, total, is_last=True))
    return comparison


def _add(comparison: Comparison, table: Table, here: list[Row], there: list[Row]) -> None:
    comparison.source.add(here)
    comparison.target.add(there)
    if here == there or len(comparison.differing) >= MAX_SHOWN_ROWS:
        return
    left, right = ({key_of(table, row): row for row in rows} for rows in (here, there))
    differing = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
    comparison.differing += differing[: MAX_SHOWN_ROWS - len(comparison.differing)]
