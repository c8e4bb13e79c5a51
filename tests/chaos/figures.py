"""What each scenario has shown, in one table."""

from dataclasses import dataclass, fields

_HEADINGS = {
    "scenario": "What happens",
    "database": "Database",
    "requests": "Requests",
    "acknowledged": "Writes acknowledged",
    "lost": "Lost",
    "twice": "Twice",
    "wrong": "Wrong answers",
    "unavailable": "503",
    "unanswered": "No answer",
    "slowest": "Slowest answer (s)",
    "first_success": "First success after (s)",
    "last_failure": "Last failure after (s)",
}


@dataclass(frozen=True)
class Figures:
    """`first_success` and `last_failure` are seconds since the fault was over, or began if nothing ends it."""

    scenario: str
    database: str
    requests: int
    acknowledged: int
    lost: int
    twice: int
    wrong: int
    unavailable: int
    unanswered: int
    slowest: float
    first_success: float | None
    last_failure: float | None


collected: list[Figures] = []


def markdown() -> str:
    """The table of all that was collected."""
    names = [field.name for field in fields(Figures)]
    lines = [[_HEADINGS[name] for name in names], ["---"] * 2 + ["---:"] * (len(names) - 2)]
    lines += [[_cell(getattr(figures, name)) for name in names] for figures in collected]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
