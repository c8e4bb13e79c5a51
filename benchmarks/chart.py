"""`python -m benchmarks.chart RESULT.json … --output CHART.svg`: how far each goal was reached, as one chart.

Every goal is a bar: its length is the measured number as a share of the target (inverted where less is better), so a
goal is met if its bar reaches the line. Results of several databases share the chart.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

_LABELS, _BARS, _NUMBERS = 330, 340, 215
_ROW, _BAR, _TOP, _MARGIN = 17, 12, 64, 16
_GAP, _FOOT = 12, 22
_EXPLAINED = (
    "R1: newest articles. R2: one article. R3: a tag's page. R5: comments of an article. Thin lines: the rounds' range."
)
# A bar that goes further is cut off there: three times what was wanted is more than enough.
_MAX_SHARE = 3.0
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .quiet { fill: #59636e }
  .sqlite { fill: #0969da }
  .postgresql { fill: #8250df }
  .line { stroke: #1f2328; stroke-width: 1; stroke-dasharray: 3 3 }
  .range { stroke: #1f2328; stroke-width: 1.5; opacity: 0.55 }
  .paper { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .sqlite { fill: #4493f8 }
    .postgresql { fill: #ab7df8 }
    .line, .range { stroke: #f0f6fc }
    .paper { fill: #0d1117 }
  }
"""


@dataclass(frozen=True)
class _Bar:
    database: str
    goal: Mapping[str, Any]

    def share(self, which: str) -> float:
        value, wanted = self.goal["value"][which], self.goal["wanted"]
        return float(value / wanted if self.goal["at_least"] else wanted / value)

    @property
    def number(self) -> str:
        sign = "≥" if self.goal["at_least"] else "<"
        unit = f" {self.goal['unit']}" if self.goal["unit"] else ""
        missed = "" if self.goal["is_met"] else " missed"
        return f"{self.goal['value']['median']:.2f}{unit} (wanted {sign} {self.goal['wanted']:g}){missed}"


def chart(results: Sequence[Mapping[str, Any]]) -> str:
    """The chart of these results, as SVG that is readable on light and dark backgrounds."""
    groups: dict[str, list[_Bar]] = {}
    for result in results:
        for goal in result["goals"]:
            if goal["wanted"] is not None:
                groups.setdefault(goal["name"], []).append(_Bar(result["database"], goal))
    bars = sum(len(group) for group in groups.values())
    width = _MARGIN * 2 + _LABELS + _BARS + _NUMBERS
    height = _TOP + bars * _ROW + len(groups) * _GAP + _FOOT + _MARGIN
    frame = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame} role="img" aria-labelledby="title">',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
        f'<text id="title" class="title" x="{_MARGIN}" y="26">What was measured, beside what was wanted</text>',
        *_legend(result["database"] for result in results),
        *_groups(groups),
        _line(height - _FOOT),
        f'<text class="quiet" x="{_MARGIN}" y="{height - _MARGIN}">{escape(_EXPLAINED)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(databases: Iterable[str]) -> Iterable[str]:
    for place, database in enumerate(dict.fromkeys(databases)):
        x = _MARGIN + place * 110
        yield f'<rect class="{database}" x="{x}" y="38" width="12" height="12" rx="2"/>'
        yield f'<text x="{x + 18}" y="48">{escape(_NAMES.get(database, database))}</text>'


def _groups(groups: Mapping[str, Sequence[_Bar]]) -> Iterable[str]:
    y = _TOP
    for name, bars in groups.items():
        yield f'<text x="{_MARGIN}" y="{y + _BAR}">{escape(name)}</text>'
        for bar in bars:
            yield from _drawn(bar, y)
            y += _ROW
        y += _GAP


def _drawn(bar: _Bar, y: int) -> Iterable[str]:
    left, middle = _MARGIN + _LABELS, y + _BAR / 2
    ends = sorted(_along(bar.share(which)) for which in ("low", "high"))
    yield f'<rect class="{bar.database}" x="{left}" y="{y}" width="{_along(bar.share("median")):.1f}" height="{_BAR}"/>'
    yield f'<path class="range" d="M{left + ends[0]:.1f} {middle}H{left + ends[1]:.1f}"/>'
    yield f'<text class="quiet" x="{left + _BARS + 10}" y="{y + _BAR - 1}">{escape(bar.number)}</text>'


def _along(share: float) -> float:
    return min(share, _MAX_SHARE) / _MAX_SHARE * _BARS


def _line(height: int) -> str:
    x = _MARGIN + _LABELS + _along(1)
    text = f'<text class="quiet" x="{x + 6}" y="48">from here on: as wanted</text>'
    return f'{text}<path class="line" d="M{x} {_TOP - 22}V{height - _MARGIN}"/>'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.write_text(chart([json.loads(path.read_text()) for path in options.results]))


if __name__ == "__main__":
    main()
