"""Kinds that are registered by a test are gone after it."""

from collections.abc import Iterator

import pytest

from tests.support.job_kinds import only_registered_here


@pytest.fixture(autouse=True)
def _own_kinds() -> Iterator[None]:
    with only_registered_here():
        yield
