"""The clock jumps while the server runs. The clock is libfaketime's, which the server is started with."""

import asyncio
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from tests.chaos.blogs import PASSWORD, BlogDatabase
from tests.chaos.load import API
from tests.chaos.node import Node, Starter
from tests.chaos.scenario import scenario

pytestmark = pytest.mark.chaos
# The library looks at the file every second or two.
_NOTICED_SECONDS = 10


@pytest.fixture
def library() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("libfaketime is not installed (Debian: apt-get install libfaketime)")
    return str(found[0])


class Clock:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._file.write_text("+0\n", encoding="utf-8")

    def settings(self, library: str) -> dict[str, str]:
        """How a server is started that goes by this clock; what is measured by it goes on evenly."""
        return {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Otherwise threads would wait for each other ten times as long.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    async def jump(self, seconds: int, node: Node) -> None:
        """To so many seconds after the real time; returns once the server has noticed."""
        self._file.write_text(f"{seconds:+d}\n", encoding="utf-8")
        deadline = time.monotonic() + _NOTICED_SECONDS
        async with httpx.AsyncClient(base_url=node.url) as client:
            while abs(await _ahead(client) - seconds) > 3:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)


async def _ahead(client: httpx.AsyncClient) -> float:
    """How many seconds the server's clock is ahead of the real one."""
    date = (await client.get("/health/live")).headers["Date"]
    return parsedate_to_datetime(date).timestamp() - time.time()


async def test_the_clock_jumps(sqlite_database: BlogDatabase, library: str, start: Starter, tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    node = await start(sqlite_database.url, clock.settings(library))

    async with scenario("Clock +10 min, -10 min, -30 s", sqlite_database, node, judges_lists=False) as running:
        running.begins()
        await clock.jump(600, node)
        mails = [await _mails_after_registration(node, "ahead")]
        refresh_token = await _refresh_token(node)
        await clock.jump(0, node)
        mails.append(await _mails_after_registration(node, "again"))
        status = await _status_of_refreshing(node, refresh_token)
        await clock.jump(-30, node)
        mails.append(await _mails_after_registration(node, "behind"))
        running.is_over()
        await running.recovers(within=2)
    await running.judge(may_fail=False)

    # A session that began in what is the future now goes on.
    assert status == 200
    assert mails == [1, 1, 1]


async def _refresh_token(node: Node) -> str:
    async with httpx.AsyncClient(base_url=node.url + API, timeout=15) as client:
        response = await client.post("/auth/login", data={"username": "rita", "password": PASSWORD})
    token: str = response.json()["refresh_token"]
    return token


async def _status_of_refreshing(node: Node, refresh_token: str) -> int:
    async with httpx.AsyncClient(base_url=node.url + API, timeout=15) as client:
        return (await client.post("/auth/refresh", json={"refresh_token": refresh_token})).status_code


async def _mails_after_registration(node: Node, name: str) -> int:
    """How many mails somebody has got a few seconds later."""
    async with httpx.AsyncClient(base_url=node.url + API, timeout=15) as client:
        person = {"email": f"{name}@example.com", "username": name, "password": "a kettle of blue ink"}
        assert (await client.post("/auth/register", json=person)).status_code == 202
    mails: list[str] = []
    for _ in range(80):
        mails = [path.read_text(encoding="utf-8") for path in (node.folder / "var/mail").glob("*.eml")]
        if any(f"{name}@example.com" in mail for mail in mails):
            break
        await asyncio.sleep(0.1)
    return sum(f"To: {name}@example.com" in mail for mail in mails)
