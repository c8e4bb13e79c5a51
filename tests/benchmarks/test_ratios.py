import json

import pytest

from benchmarks.chart import chart
from benchmarks.ratios import Goal, Range, ratio


def test_a_ratio_is_taken_round_by_round() -> None:
    # The second round was slow for both: that is none of the ratio's business.
    rates = {"own": [90, 30, 80], "other": [100, 40, 80]}
    assert ratio(rates, "own", "other") == Range(0.9, 0.75, 1.0)


@pytest.mark.parametrize(
    ("value", "at_least", "is_met"), [(0.9, True, True), (0.89, True, False), (0.9, False, False), (0.89, False, True)]
)
def test_a_goal_is_met_from_what_is_wanted_on_or_below_it(value: float, at_least: bool, is_met: bool) -> None:
    assert Goal("", Range(value, value, value), 0.9, at_least).is_met is is_met


def test_a_goal_that_is_missed_ends_before_the_line_and_says_so() -> None:
    met, missed = (Goal("cold", Range(value, value, value), 4, at_least=True) for value in (6, 2))
    results = [
        {"database": name, "goals": [json.loads(json.dumps(goal.as_json()))]}
        for name, goal in {"sqlite": met, "postgresql": missed}.items()
    ]
    drawing = chart(results)
    assert 'class="sqlite" x="346" y="64" width="170.0"' in drawing
    assert 'class="postgresql" x="346" y="81" width="56.7"' in drawing
    assert "2.00 (wanted ≥ 4) missed" in drawing
