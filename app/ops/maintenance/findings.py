"""What a check has to say."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

SHOWN = 10


class Finding(BaseModel, frozen=True):
    """One thing that is not as it should be, or as a note, one that somebody may want to know."""

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
