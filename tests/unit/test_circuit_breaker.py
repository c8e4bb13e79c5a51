"""When a server is left alone, and for how long."""

import time

import pytest

from app.mail.circuit_breaker import FAILURES, CircuitBreaker


@pytest.fixture
def breaker() -> CircuitBreaker:
    breaker = CircuitBreaker()
    for _ in range(FAILURES):
        breaker.failed()
    return breaker


def test_a_few_failures_in_a_row_open_it() -> None:
    breaker = CircuitBreaker()
    for _ in range(FAILURES - 1):
        breaker.failed()
    breaker.succeeded()
    for _ in range(FAILURES - 1):
        breaker.failed()
    assert (breaker.is_open, breaker.seconds_left) == (False, 0)

    breaker.failed()

    assert breaker.is_open
    assert 4 < breaker.seconds_left <= 5


def test_each_probe_that_fails_doubles_the_pause_up_to_five_minutes(
    breaker: CircuitBreaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []
    for _ in range(9):
        pauses.append(round(breaker.seconds_left))
        moment = time.monotonic() + breaker.seconds_left + 1
        monkeypatch.setattr("app.mail.circuit_breaker.time.monotonic", lambda moment=moment: moment)
        breaker.failed()

    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_what_was_begun_before_it_opened_says_nothing_new(breaker: CircuitBreaker) -> None:
    for _ in range(7):
        breaker.failed()

    assert breaker.seconds_left <= 5


def test_a_success_closes_it(breaker: CircuitBreaker) -> None:
    breaker.succeeded()

    assert (breaker.is_open, breaker.seconds_left) == (False, 0)
