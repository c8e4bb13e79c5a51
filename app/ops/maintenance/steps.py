"""Progress reports of long operations."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """How much of a table is done: `rows` of about `total`. The first step says where the work starts."""

    action: str
    table: str
    rows: int
    total: int
    is_last: bool = False


Report = Callable[[Step], None]
