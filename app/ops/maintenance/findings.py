"""The findings of a check."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

MAX_SHOWN_ROWS = 10


class Finding(BaseModel, frozen=True):
    """A problem or, as a note, something worth knowing."""

    kind: Literal["finding", "note"] = "finding"
    check: str
    table: str | None = None
    problem: str
    # How many rows it concerns, and the primary keys of the first of them.
    count: int | None = None
    rows: Sequence[str] = ()

    def __str__(self) -> str:
        where = f"{self.table}: " if self.table else ""
        if self.count is None:
            return f"{where}{self.problem}"
        which = ", ".join(f"#{row}" for row in self.rows) + (", …" if self.count > len(self.rows) else "")
        return f"{where}{self.problem} in {self.count} {'row' if self.count == 1 else 'rows'} ({which})"
