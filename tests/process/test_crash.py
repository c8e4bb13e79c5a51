"""What is left when the server dies in the middle of its work."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from app.core.roles import Role
from tests.process.processes import free_port
from tests.support.commands import environment_of
from tests.support.users import Users

TAGS = ["one", "two", "three"]
ENOUGH = 40


@asynccontextmanager
async def running_server(
    app: FastAPI, token: str, module: str = "commands.serve", **variables: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """A server process of its own on the app's database, and a client of it."""
    port = free_port()
    command = [sys.executable, "-m", module, "--port", str(port)]
    environment = {**environment_of(app.state.settings), "LOG_LEVEL": "ERROR", **variables}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=app.state.settings.var_dir, stdout=subprocess.DEVNULL
    )
    url, headers = f"http://127.0.0.1:{port}/api/v1", {"Authorization": f"Bearer {token}"}
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            await answering(client)
            yield process, client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answering(client: httpx.AsyncClient) -> None:
    for _ in range(600):
        try:
            await client.get("/categories")
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not start")


async def write_until_it_dies(
    client: httpx.AsyncClient, writer: int, acknowledged: list[str], enough: asyncio.Event
) -> None:
    for number in range(10_000):
        title = f"Written by {writer} as {number}"
        try:
            response = await client.post("/articles", json={"title": title, "body_markdown": title, "tags": TAGS})
        except httpx.TransportError:
            return
        assert response.status_code == 201, response.text
        acknowledged.append(response.json()["slug"])
        if len(acknowledged) >= ENOUGH:
            enough.set()


async def test_every_acknowledged_write_survives_a_kill_and_no_half_of_one(
    live_app: FastAPI, live_users: Users
) -> None:
    writer = await live_users.client(Role.EDITOR)
    token = writer.headers["Authorization"].removeprefix("Bearer ")
    acknowledged: list[str] = []
    enough = asyncio.Event()

    async with running_server(live_app, token) as (process, client):
        writing = [
            asyncio.create_task(write_until_it_dies(client, number, acknowledged, enough)) for number in range(4)
        ]
        await enough.wait()
        process.send_signal(signal.SIGKILL)
        await asyncio.gather(*writing)

    found: dict[str, list[str]] = {}
    cursor: str | None = ""
    while cursor is not None:
        query = {"status": "draft", "limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = (await writer.get("/articles", params=query)).json()
        found |= {item["slug"]: [tag["slug"] for tag in item["tags"]] for item in page["items"]}
        cursor = page["next_cursor"]
    assert set(acknowledged) <= found.keys()
    assert all(tags == sorted(TAGS) for tags in found.values())


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_retry_with_its_key_creates_one_even_after_a_kill(
    live_app: FastAPI, live_users: Users, moment: str
) -> None:
    """Killed between commit and answer, the blog has the article, and its client does not know."""
    writer = await live_users.client(Role.EDITOR)
    token = writer.headers["Authorization"].removeprefix("Bearer ")
    body, key = {"title": "Once", "tags": TAGS}, {"Idempotency-Key": "a key"}

    async with running_server(live_app, token, "tests.process.dying_server", DIES=moment) as (process, client):
        with pytest.raises(httpx.TransportError):
            await client.post("/articles", json=body, headers=key)
        assert await process.wait() == -signal.SIGKILL
    # Another server on the same database.
    retries = [await writer.post("/articles", json=body, headers=key) for _ in range(2)]

    assert [retry.status_code for retry in retries] == [201, 201]
    assert retries[0].content == retries[1].content
    replayed = ["Idempotency-Replayed" in retry.headers for retry in retries]
    assert replayed == [moment == "after", True]
    page = (await writer.get("/articles", params={"status": "draft"})).json()
    assert [item["slug"] for item in page["items"]] == ["once"]
