"""What can happen to Redis, which counts limits for all processes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import httpx
import pytest

from tests.chaos import figures
from tests.chaos.blogs import BlogDatabase
from tests.chaos.load import API, Response
from tests.chaos.node import Node, Starter
from tests.chaos.redis import RedisServer

pytestmark = pytest.mark.chaos
# How often `app.accounts.limits` allows one address to show tokens, in a minute.
ALLOWED = 60
# The patience of a request, and some time for everything else on a busy machine.
SLOW_SECONDS = 2
# How long Redis is left alone once it has not answered.
LEFT_ALONE_SECONDS = 5
_numbers = count(1)


@dataclass
class AnonymousClients:
    """They show tokens that are none, each from an address of their own: 401 is the one right answer."""

    node: Node
    responses: list[Response] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def show_token(self, client: httpx.AsyncClient, address: str, expected: int = 401) -> httpx.Response:
        sent = time.monotonic()
        headers = {"X-Forwarded-For": address}
        response = await client.post("/auth/refresh", json={"refresh_token": "nonsense"}, headers=headers)
        self.responses.append(Response(address, sent, time.monotonic(), response.status_code))
        if response.status_code != expected:
            self.wrong.append(f"{response.status_code} {response.text[:100]}")
        return response

    @asynccontextmanager
    async def trying(self) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        tasks = [asyncio.create_task(self._try(stopping)) for _ in range(3)]
        try:
            yield
        finally:
            stopping.set()
            await asyncio.gather(*tasks)

    async def _try(self, stopping: asyncio.Event) -> None:
        async with self.client() as client:
            while not stopping.is_set():
                await self.show_token(client, f"10.1.{next(_numbers) % 250}.1")
                await asyncio.sleep(0.02)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.node.url + API, timeout=15)


async def _stop(server: RedisServer) -> None:
    server.stop()


async def _freeze(server: RedisServer) -> None:
    server.freeze()


async def _thaw(server: RedisServer) -> None:
    server.thaw()


@pytest.mark.parametrize(
    ("scenario", "breaks", "mends"),
    [("Redis stopped for 1 s", _stop, RedisServer.start), ("Redis hangs for 1 s", _freeze, _thaw)],
    ids=["stopped", "hanging"],
)
async def test_redis_is_away_and_comes_back(
    sqlite_database: BlogDatabase,
    redis_server: RedisServer,
    start: Starter,
    scenario: str,
    breaks: Callable[[RedisServer], Awaitable[None]],
    mends: Callable[[RedisServer], Awaitable[None]],
) -> None:
    node = await start(sqlite_database.url, {"REDIS_URL": redis_server.url, "RATE_LIMITS": "true"})
    clients = AnonymousClients(node)

    async with clients.trying(), clients.client() as client:
        await asyncio.sleep(0.5)
        assert await redis_server.keys() > 0
        await breaks(redis_server)
        began = time.monotonic()
        # Limits hold all the same: each process counts by itself.
        for _ in range(ALLOWED):
            await clients.show_token(client, "10.2.0.1")
        await clients.show_token(client, "10.2.0.1", expected=429)
        ready = (await client.get(f"{node.url}/health/ready")).json()
        await asyncio.sleep(max(0.0, began + 1 - time.monotonic()))
        await mends(redis_server)
        over = time.monotonic()
        before = await redis_server.keys()
        while await redis_server.keys() <= before:
            assert time.monotonic() - over < LEFT_ALONE_SECONDS + SLOW_SECONDS, "Redis is not used again"
            await asyncio.sleep(0.1)
        used_again = time.monotonic() - over
    slowest = max(response.received - response.sent for response in clients.responses)
    figures.collected.append(
        figures.Figures(
            scenario, "Redis", len(clients.responses), 0, 0, 0, len(clients.wrong), 0, 0, slowest, used_again, None
        )
    )

    assert clients.wrong == []
    assert ready["state"] == "degraded"
    assert slowest < SLOW_SECONDS
