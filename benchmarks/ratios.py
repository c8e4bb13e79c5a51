"""Rates measured alternately, and their ratios."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Rates = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Range:
    """The median, minimum and maximum of some numbers."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Range":
        return cls(statistics.median(values), min(values), max(values))


def ratio(rates: Rates, name: str, to: str) -> Range:
    """The ratio of two rates, round by round: what slowed down both in a round cancels out."""
    return Range.of([own / other for own, other in zip(rates[name], rates[to], strict=True)])


@dataclass(frozen=True)
class Goal:
    """A number and its target: at least `wanted`, or below it."""

    name: str
    value: Range
    wanted: float | None = None
    at_least: bool = True
    unit: str = ""

    @property
    def is_met(self) -> bool | None:
        if self.wanted is None:
            return None
        return self.value.median >= self.wanted if self.at_least else self.value.median < self.wanted

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "is_met": self.is_met}

    def line(self) -> str:
        wanted = "" if self.wanted is None else f"{'>=' if self.at_least else '<'} {self.wanted:g}"
        verdict = {None: "", True: "met", False: "MISSED"}[self.is_met]
        span = f"({self.value.low:.2f} to {self.value.high:.2f})"
        return f"{self.name:58} {self.value.median:8.2f} {self.unit:3} {span:20} {wanted:8} {verdict}"


def rate_line(name: str, values: Sequence[float]) -> str:
    measured = Range.of(values)
    return f"{name:34} {measured.median:9,.0f} ({measured.low:,.0f} to {measured.high:,.0f})"
