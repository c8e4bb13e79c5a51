"""When a service is left alone, and for how long."""

import asyncio
import logging
import time

import pytest

from app.core.circuit_breaker import CircuitBreaker

ERROR = ConnectionError("refused")


class Clock:
    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("app.core.circuit_breaker.time.monotonic", clock)
    return clock


def a_breaker() -> CircuitBreaker:
    return CircuitBreaker("the service", failures=3, pause=5, max_pause=300, attempt_timeout=10)


@pytest.fixture
def opened(clock: Clock) -> CircuitBreaker:  # noqa: ARG001 - it has to stand still
    breaker = a_breaker()
    for _ in range(3):
        breaker.failed(ERROR)
    return breaker


def test_a_few_failures_in_a_row_open_it(clock: Clock) -> None:  # noqa: ARG001 - it has to stand still
    breaker = a_breaker()
    for _ in range(2):
        breaker.failed(ERROR)
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(ERROR)
    assert (breaker.is_open, breaker.seconds_left, breaker.allows_attempt()) == (False, 0, True)

    breaker.failed(ERROR)

    assert breaker.is_open
    assert breaker.seconds_left == pytest.approx(5)
    assert not breaker.allows_attempt()


def test_each_attempt_that_fails_doubles_the_pause_up_to_a_bound(opened: CircuitBreaker, clock: Clock) -> None:
    pauses = []
    for _ in range(9):
        pauses.append(round(opened.seconds_left))
        clock.now += opened.seconds_left + 0.001
        assert opened.allows_attempt()
        opened.failed(ERROR)

    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_without_a_bound_the_pause_stays_the_same(clock: Clock) -> None:
    breaker = CircuitBreaker("the service", pause=1)
    breaker.failed(ERROR)
    for _ in range(5):
        assert breaker.seconds_left == pytest.approx(1)
        clock.now += 1.001
        assert breaker.allows_attempt()
        breaker.failed(ERROR)


def test_one_attempt_is_let_through_after_each_pause(opened: CircuitBreaker, clock: Clock) -> None:
    clock.now += 5.001

    assert [opened.allows_attempt() for _ in range(3)] == [True, False, False]

    # Whoever made it never said how it ended.
    clock.now += 10 + 5.001
    assert opened.allows_attempt()


def test_what_was_begun_before_it_opened_says_nothing_new(opened: CircuitBreaker) -> None:
    for _ in range(7):
        opened.failed(ERROR)

    assert opened.seconds_left == pytest.approx(5)


def test_a_success_closes_it(opened: CircuitBreaker) -> None:
    opened.succeeded()

    assert (opened.is_open, opened.seconds_left) == (False, 0)
    opened.failed(ERROR)
    assert opened.allows_attempt()


def test_it_says_once_that_a_service_is_gone_and_once_that_it_is_back(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        breaker = a_breaker()
        for _ in range(5):
            breaker.failed(ERROR)
        clock.now += 5.001
        breaker.allows_attempt()
        breaker.failed(ERROR)
        breaker.succeeded()
        breaker.succeeded()

    assert caplog.messages == [
        "the service is unreachable: ConnectionError",
        "the service is reachable again",
    ]


async def test_a_timeout_is_called_one(caplog: pytest.LogCaptureFixture) -> None:
    breaker = CircuitBreaker("the service", pause=1)
    try:
        async with asyncio.timeout(0):
            await asyncio.sleep(1)
    except TimeoutError as error:
        breaker.failed(error)

    assert caplog.messages == ["the service is unreachable: TimeoutError"]
