"""How many examples property tests try."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

# `./test.sh --long`: many more, and others each time.
IS_LONG = bool(os.environ.get("LONG_TESTS"))
_TIMES = 50


def examples(number: int, *, same: bool = True) -> Callable[[Any], Any]:
    """Decorates a property test: try this many examples, the `same` each time, or fifty times as many at length."""
    return settings(
        max_examples=number * _TIMES if IS_LONG else number,
        deadline=None,
        derandomize=same and not IS_LONG,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
