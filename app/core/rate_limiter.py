"""Rate limits: counted in Redis for all processes, or in memory for this one."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from math import ceil
from typing import Any, TypeVar

from limits import RateLimitItem, parse_many
from limits.aio.storage import MovingWindowSupport, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from app.core.circuit_breaker import CircuitBreaker
from app.core.errors import TooManyRequests
from app.core.metrics import counter

# How long Redis may take, and for how long it is left alone after it took longer.
TIMEOUT_SECONDS = 0.5
RETRY_SECONDS = 5
# Kept in memory, at some 250 bytes each and 160 for every try.
MAX_KEYS = 20_000
_KEY_PREFIX = "colophon:limits"
_KEY_LENGTH = 32
_CONNECTIONS = 16

limits_hit_total = counter("limits_hit_total", "Attempts rejected by a rate limit.", ["limit"])

T = TypeVar("T")


@dataclass(frozen=True)
class Limit:
    """How often something may be tried, in one or more windows: `Limit("login", "5/minute;15/15 minutes")`."""

    name: str
    rates: str

    def __post_init__(self) -> None:
        # A slip of the pen shows when the limit is declared.
        parse_many(self.rates)

    @cached_property
    def windows(self) -> list[RateLimitItem]:
        """The windows, shortest first."""
        return sorted(parse_many(self.rates), key=lambda window: window.get_expiry())


@dataclass(frozen=True)
class Allowance:
    """What is left in one window of a limit. `window` and `reset` are seconds; after `reset` there is one more try."""

    name: str
    quota: int
    window: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """The header fields of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.quota};w={self.window}',
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.reset}',
        }


class RateLimiter:
    """Counts tries. Without Redis, or while it is unreachable, every process counts its own."""

    def __init__(self, redis_url: str | None, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._local = MovingWindowRateLimiter(_BoundedMemory())
        self._redis = _Redis(redis_url) if redis_url and enabled else None
        self._clearing: set[asyncio.Task[None]] = set()

    async def hit(self, limit: Limit, *keys: str) -> Allowance:
        """Count a try for these keys, and return what is left in the window with the least left.

        Raises `TooManyRequests` when nothing was left. A refused try does not lengthen the wait.
        """
        if not self._enabled:
            return _untouched(limit, limit.windows[0])
        count = partial(_hit, limit=limit, parts=_parts(limit, keys))
        response = await self._redis.ask(count) if self._redis else None
        allowed, allowance = response or await count(self._local)
        if not allowed:
            limits_hit_total.labels(limit.name).inc()
            raise TooManyRequests(retry_after=max(1, allowance.reset), headers=allowance.headers())
        return allowance

    async def clear(self, limit: Limit, *keys: str) -> None:
        """Forget the tries for these keys."""
        clear = partial(_clear, limit=limit, parts=_parts(limit, keys))
        if self._redis:
            await self._redis.ask(clear)
        await clear(self._local)

    async def clear_soon(self, limit: Limit, *keys: str) -> None:
        """Forget the tries without waiting for Redis: for callers that hold a lock others wait for."""
        clear = partial(_clear, limit=limit, parts=_parts(limit, keys))
        await clear(self._local)
        if self._redis:
            clearing = asyncio.create_task(self._redis.ask(clear))
            self._clearing.add(clearing)
            clearing.add_done_callback(self._clearing.discard)

    async def aclose(self) -> None:
        await asyncio.gather(*self._clearing)
        if self._redis:
            await self._redis.aclose()


class _Redis:
    """Redis, behind a circuit breaker."""

    def __init__(self, url: str) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS / 2,
            socket_timeout=TIMEOUT_SECONDS / 2,
            # Once, and at once: a connection may have been closed while it was idle.
            retry=Retry(NoBackoff(), retries=1, supported_errors=(RedisConnectionError,)),
        )
        # The library reads URLs in its own way, without Unix sockets; the pool knows where Redis is.
        options: dict[str, Any] = {"implementation": "redispy", "connection_pool": self._pool}
        self._counter = MovingWindowRateLimiter(RedisStorage("redis://", key_prefix=_KEY_PREFIX, **options))
        self._breaker = CircuitBreaker("Redis", pause=RETRY_SECONDS)

    async def ask(self, question: Callable[[MovingWindowRateLimiter], Awaitable[T]]) -> T | None:
        """The result, or None while Redis is unreachable: then each process counts on its own."""
        if not self._breaker.allows_attempt():
            return None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                response = await question(self._counter)
        except (RedisError, OSError) as error:
            self._breaker.failed(error)
            return None
        self._breaker.succeeded()
        return response

    async def aclose(self) -> None:
        await self._pool.aclose()


class _BoundedMemory(Storage, MovingWindowSupport):
    """The library's own storage keeps all keys and goes through them at every try, in a thread for each.

    This one only cleans up the key in question; when there are too many keys, it drops the least recently tried.
    """

    STORAGE_SCHEME = None
    base_exceptions = ()

    def __init__(self) -> None:
        super().__init__()
        # Of each key the times of its tries, the newest first.
        self._tries: OrderedDict[str, list[float]] = OrderedDict()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        tries = self._recent(key, expiry)
        self._tries.pop(key, None)
        allowed = len(tries) + amount <= limit
        self._tries[key] = [time.time()] * amount + tries if allowed else tries
        if len(self._tries) > MAX_KEYS:
            self._tries.popitem(last=False)
        return allowed

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        tries = self._recent(key, expiry)
        return (tries[-1] if tries else time.time()), len(tries)

    def _recent(self, key: str, expiry: int) -> list[float]:
        now = time.time()
        # Those of the future are from before the clock was set back: nobody is to wait for it to catch up.
        return [at for at in self._tries.get(key, []) if now - expiry < at <= now]

    async def clear(self, key: str) -> None:
        self._tries.pop(key, None)

    async def reset(self) -> int:
        forgotten = len(self._tries)
        self._tries.clear()
        return forgotten

    async def check(self) -> bool:
        return True

    async def get(self, key: str) -> int:
        return len(self._tries.get(key, []))

    async def get_expiry(self, key: str) -> float:
        raise NotImplementedError("moving windows do not ask for this")

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError("moving windows do not ask for this")


def _parts(limit: Limit, keys: tuple[str, ...]) -> list[str]:
    """The parts of the storage key, hashed, as keys may be email addresses or anything else that clients send."""
    return [limit.name, *(sha256(key.encode(errors="surrogatepass")).hexdigest()[:_KEY_LENGTH] for key in keys)]


async def _hit(counter: MovingWindowRateLimiter, *, limit: Limit, parts: list[str]) -> tuple[bool, Allowance]:
    left = []
    allowed = True
    for window in limit.windows:
        # Who is refused in a short window does not use up a long one: it would lock them out for longer.
        allowed = allowed and await counter.hit(window, *parts)
        stats = await counter.get_window_stats(window, *parts)
        reset = min(max(0, ceil(stats.reset_time - time.time())), window.get_expiry())
        left.append(replace(_untouched(limit, window), remaining=stats.remaining, reset=reset))
    return allowed, min(left, key=lambda allowance: (allowance.remaining, -allowance.reset))


async def _clear(counter: MovingWindowRateLimiter, *, limit: Limit, parts: list[str]) -> None:
    for window in limit.windows:
        await counter.clear(window, *parts)


def _untouched(limit: Limit, window: RateLimitItem) -> Allowance:
    return Allowance(limit.name, window.amount, window.get_expiry(), window.amount, window.get_expiry())
