"""Counting tries in memory, in Redis, and while Redis is away."""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import anyio
import pytest
import time_machine
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core import circuit_breaker
from app.core import rate_limiter as limits
from app.core.errors import TooManyRequests
from app.core.rate_limiter import Allowance, Limit, RateLimiter
from tests.support.lines import HOST, Line

REDIS_PORT = 6379
REDIS_URL = f"redis://{HOST}:{REDIS_PORT}"
# What a dead Redis may cost a request, on a busy machine.
BEARABLE_SECONDS = 1.0
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def allowed(limiter: RateLimiter, limit: Limit, count: int, *keys: str) -> int:
    """How many of so many tries at once were allowed."""
    results = await asyncio.gather(*(limiter.hit(limit, *keys) for _ in range(count)), return_exceptions=True)
    assert all(isinstance(result, Allowance | TooManyRequests) for result in results), results
    return sum(isinstance(result, Allowance) for result in results)


async def refusal(limiter: RateLimiter, limit: Limit, *keys: str) -> TooManyRequests:
    with pytest.raises(TooManyRequests) as caught:
        await limiter.hit(limit, *keys)
    return caught.value


@asynccontextmanager
async def opened(url: str | None) -> AsyncIterator[RateLimiter]:
    limiter = RateLimiter(url)
    yield limiter
    await limiter.aclose()


@pytest.fixture
def limit() -> Limit:
    """By a name that nobody else counts by."""
    return Limit(f"test-{secrets.token_hex(8)}", "5/minute")


@pytest.fixture
async def limiter() -> AsyncIterator[RateLimiter]:
    async with opened(None) as limiter:
        yield limiter


@pytest.fixture
async def redis(limit: Limit) -> AsyncIterator[Redis]:
    """What the test counted in it is removed afterwards."""
    async with Redis.from_url(REDIS_URL, decode_responses=True) as redis:
        try:
            await redis.ping()
        except RedisError as error:
            if os.environ.get("REQUIRE_REDIS"):
                pytest.fail(f"Redis is required: {error}")
            pytest.skip(f"no Redis: {error}")
        yield redis
        for key in await stored(redis, limit):
            await redis.delete(key)


@pytest.fixture
async def shared(
    redis: Redis,  # noqa: ARG001 - it must be there
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[RateLimiter]:
    # On a busy machine a hundred requests at once take longer than a server would wait.
    monkeypatch.setattr(limits, "TIMEOUT_SECONDS", 20)
    async with opened(REDIS_URL) as limiter:
        yield limiter


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line(HOST, REDIS_PORT)
    await line.mend()
    yield line
    await line.cut()


@pytest.fixture
async def remote(redis: Redis, line: Line) -> AsyncIterator[RateLimiter]:  # noqa: ARG001 - it must be there
    """A limiter whose way to Redis is the line."""
    async with opened(f"redis://{HOST}:{line.port}") as limiter:
        yield limiter


async def stored(redis: Redis, limit: Limit) -> list[str]:
    return [str(key) async for key in redis.scan_iter(f"*{limit.name}*", count=1000)]


# --- Counting --------------------------------------------------------------------------------------------------


async def test_of_many_tries_at_once_as_many_are_allowed_as_may_be(limiter: RateLimiter, limit: Limit) -> None:
    assert await allowed(limiter, limit, 100, "ada") == 5


async def test_everybody_is_counted_alone_and_everything(limiter: RateLimiter, limit: Limit) -> None:
    await allowed(limiter, limit, 100, "ada", "here")

    for keys in [("ada",), ("here", "ada"), ("adahere",), ("bob", "here"), ()]:
        assert await allowed(limiter, limit, 100, *keys) == 5
    assert await allowed(limiter, Limit("other", "5/minute"), 100, "ada", "here") == 5


@time_machine.travel(NOON, tick=False)
async def test_an_allowance_tells_what_is_left(limiter: RateLimiter) -> None:
    limit = Limit("login", "10/minute")

    assert await limiter.hit(limit, "ada") == Allowance("login", quota=10, window=60, remaining=9, reset=60)
    with time_machine.travel(NOON + timedelta(seconds=10.5), tick=False):
        allowance = await limiter.hit(limit, "ada")
    assert allowance.headers() == {"RateLimit-Policy": '"login";q=10;w=60', "RateLimit": '"login";r=8;t=50'}


@time_machine.travel(NOON, tick=False)
async def test_a_refusal_tells_when_to_come_back(limiter: RateLimiter) -> None:
    limit = Limit("login", "5/minute")
    await allowed(limiter, limit, 5, "ada")

    with time_machine.travel(NOON + timedelta(seconds=17.5), tick=False):
        error = await refusal(limiter, limit, "ada")
    assert error.retry_after == 43
    assert error.headers == {
        "Retry-After": "43",
        "RateLimit-Policy": '"login";q=5;w=60',
        "RateLimit": '"login";r=0;t=43',
    }
    with time_machine.travel(NOON + timedelta(seconds=17.5 + error.retry_after), tick=False):
        assert await allowed(limiter, limit, 100, "ada") == 5


@time_machine.travel(NOON, tick=False)
async def test_of_several_windows_the_one_with_least_left_counts(limiter: RateLimiter) -> None:
    limit = Limit("login", "7/hour;5/minute")

    assert [(await limiter.hit(limit, "ada")).window for _ in range(5)] == [60] * 5
    assert (await refusal(limiter, limit, "ada")).retry_after == 60
    with time_machine.travel(NOON + timedelta(seconds=61), tick=False):
        allowance = await limiter.hit(limit, "ada")
        assert (allowance.window, allowance.remaining, allowance.reset) == (3600, 1, 3539)
        assert await allowed(limiter, limit, 100, "ada") == 1
        assert (await refusal(limiter, limit, "ada")).retry_after == 3539


async def test_whoever_never_stops_trying_is_not_locked_out_for_good(limiter: RateLimiter) -> None:
    limit = Limit("login", "5/minute;15/15 minutes")
    successes = []
    for second in range(3600):
        with time_machine.travel(NOON + timedelta(seconds=second), tick=False):
            successes += [second] * await allowed(limiter, limit, 1, "ada")

    assert len(successes) == 60
    assert max(later - earlier for earlier, later in pairwise(successes)) < 15 * 60


async def test_cleared_tries_are_forgotten(limiter: RateLimiter) -> None:
    limit = Limit("login", "5/minute;15/15 minutes")
    for _ in range(4):
        assert await allowed(limiter, limit, 100, "ada") == 5
        await limiter.clear(limit, "ada")


async def test_a_limiter_that_is_off_allows_everything_and_asks_nobody(limit: Limit, line: Line) -> None:
    limiter = RateLimiter(f"redis://{HOST}:{line.port}", enabled=False)

    assert await allowed(limiter, limit, 100, "ada") == 100
    assert (await limiter.hit(limit, "ada")).remaining == 5
    await limiter.clear(limit, "ada")
    await limiter.aclose()
    assert line.connections == 0


@pytest.mark.parametrize("rates", ["", "often", "5/fortnight", "5/minute;"])
def test_a_limit_is_checked_when_it_is_declared(rates: str) -> None:
    with pytest.raises(ValueError, match=r"rate limit|granularity"):
        Limit("login", rates)


# --- In memory -------------------------------------------------------------------------------------------------


async def test_whoever_tried_last_is_remembered_when_memory_is_full(
    limiter: RateLimiter, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 10)
    await allowed(limiter, limit, 5, "early")
    await allowed(limiter, limit, 5, "attacked")
    for number in range(100):
        await limiter.hit(limit, f"{number}")
        assert await allowed(limiter, limit, 1, "attacked") == 0

    assert await allowed(limiter, limit, 5, "early") == 5


async def test_counting_leaves_nothing_running(limiter: RateLimiter, limit: Limit) -> None:
    before = asyncio.all_tasks()
    await allowed(limiter, limit, 100, "ada")
    await limiter.aclose()

    assert asyncio.all_tasks() == before


async def test_keys_may_be_anything(limiter: RateLimiter, limit: Limit) -> None:
    for key in ["", "/", "\x00", "\ud800", "é" * 100_000]:
        assert await allowed(limiter, limit, 6, key) == 5


# --- In Redis --------------------------------------------------------------------------------------------------


async def test_all_processes_count_together(shared: RateLimiter, limit: Limit) -> None:
    async with opened(REDIS_URL) as other:
        counts = await asyncio.gather(allowed(shared, limit, 50, "ada"), allowed(other, limit, 50, "ada"))

        assert sum(counts) == 5
        await shared.clear(limit, "ada")
        assert await allowed(other, limit, 6, "ada") == 5


async def test_redis_tells_the_same(shared: RateLimiter, limit: Limit) -> None:
    start = time.time()
    with time_machine.travel(start, tick=False):
        assert await shared.hit(limit, "ada") == Allowance(limit.name, quota=5, window=60, remaining=4, reset=60)
    with time_machine.travel(start + 20.5, tick=False):
        assert await allowed(shared, limit, 10, "ada") == 4
        assert (await refusal(shared, limit, "ada")).retry_after == 40
    with time_machine.travel(start + 60.6, tick=False):
        assert await allowed(shared, limit, 10, "ada") == 1


async def test_redis_learns_no_names_and_forgets(shared: RateLimiter, limit: Limit, redis: Redis) -> None:
    await allowed(shared, limit, 10, "ada@example.com")

    (key,) = await stored(redis, limit)
    assert "ada" not in key
    assert 0 < await redis.ttl(key) <= 60


async def test_requests_that_are_given_up_keep_no_connection(shared: RateLimiter, limit: Limit) -> None:
    await shared.hit(limit, "ada")
    for _ in range(5):
        with anyio.move_on_after(0.002):
            await allowed(shared, limit, 50, "somebody else")

    async with opened(REDIS_URL) as other:
        assert await allowed(shared, limit, 10, "ada") == 4
        assert await allowed(other, limit, 10, "ada") == 0


# --- While Redis is away ---------------------------------------------------------------------------------------


Outage = Callable[[Line], Awaitable[None]]
outages = pytest.mark.parametrize("outage", [Line.cut, Line.fall_silent])


@outages
async def test_a_redis_that_was_never_there_costs_little(
    limit: Limit, line: Line, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    await outage(line)
    start = time.monotonic()
    async with opened(f"redis://:a-secret@{HOST}:{line.port}") as limiter:
        await limiter.hit(limit, "ada")
        attempts = line.connections
        assert await allowed(limiter, limit, 50, "ada") == 4

    assert time.monotonic() - start < BEARABLE_SECONDS
    assert line.connections == attempts
    (record,) = [record for record in caplog.records if record.name == circuit_breaker.__name__]
    assert record.levelno == logging.WARNING
    assert "a-secret" not in caplog.text


@outages
async def test_when_redis_goes_away_counting_goes_on_here(
    remote: RateLimiter, limit: Limit, line: Line, outage: Outage
) -> None:
    assert await allowed(remote, limit, 2, "ada") == 2
    await outage(line)

    start = time.monotonic()
    assert await allowed(remote, limit, 50, "ada") == 5
    await remote.clear(limit, "ada")
    assert await allowed(remote, limit, 50, "ada") == 5
    assert time.monotonic() - start < BEARABLE_SECONDS


@outages
async def test_when_redis_is_back_counting_goes_on_there(
    remote: RateLimiter,
    limit: Limit,
    line: Line,
    outage: Outage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger=circuit_breaker.__name__)
    assert await allowed(remote, limit, 3, "ada") == 3
    await outage(line)
    await remote.hit(limit, "ada")
    await line.mend()
    connections = line.connections
    await remote.hit(limit, "ada")
    assert line.connections == connections

    assert remote._redis is not None
    monkeypatch.setattr(remote._redis._breaker, "_next_attempt", time.monotonic())
    await remote.hit(limit, "ada")
    assert await allowed(remote, limit, 10, "ada") == 1
    levels = [record.levelno for record in caplog.records if record.name == circuit_breaker.__name__]
    assert levels == [logging.WARNING, logging.WARNING]


async def test_a_try_that_redis_refuses_is_refused(remote: RateLimiter, limit: Limit, line: Line) -> None:
    await allowed(remote, limit, 5, "ada")
    assert (await refusal(remote, limit, "ada")).retry_after > 0

    await line.cut()
    assert (await remote.hit(limit, "ada")).remaining == 4


async def test_whoever_holds_a_lock_does_not_wait_for_a_redis_that_hangs(
    remote: RateLimiter, limit: Limit, line: Line
) -> None:
    await allowed(remote, limit, 5, "ada")
    await line.fall_silent()

    start = time.monotonic()
    await remote.clear_soon(limit, "ada")
    assert time.monotonic() - start < limits.TIMEOUT_SECONDS / 5
    await remote.aclose()


async def test_what_is_cleared_soon_is_cleared_in_redis_too(remote: RateLimiter, limit: Limit, redis: Redis) -> None:
    await allowed(remote, limit, 5, "ada")

    await remote.clear_soon(limit, "ada")
    await remote.aclose()

    assert await stored(redis, limit) == []


async def test_nobody_waits_for_a_clock_that_was_set_back(limiter: RateLimiter, limit: Limit) -> None:
    with time_machine.travel(NOON, tick=False):
        assert await allowed(limiter, limit, 10, "ada") == 5
    with time_machine.travel(NOON - timedelta(hours=1), tick=False):
        assert await allowed(limiter, limit, 10, "ada") == 5
