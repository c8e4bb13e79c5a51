"""Outages: whoever asks meanwhile is told so soon, and afterwards all is as before, without a restart."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, select, text
from sqlalchemy.engine import make_url

from app.accounts.models import User
from app.core.roles import Role
from app.db import postgresql
from app.db.errors import is_full, is_transient, is_unreachable
from app.db.postgresql import DatabaseUnreachable
from app.db.session import Database, PoolLimits, open_database
from tests.support.databases import Template
from tests.support.lines import Line
from tests.support.problems import problem_in
from tests.support.users import Users, client_of

BOUNDS = PoolLimits(connections=2, queue_seconds=0.2, statement_seconds=5)
# What an outage may cost a request, on a busy machine.
BEARABLE_SECONDS = 2.0
WRITE = "/auth/forgot-password", {"email": "anna@example.com"}


@asynccontextmanager
async def on(app: FastAPI, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, which has this database now."""
    await app.state.database.dispose()
    app.state.database = database
    async with client_of(app) as client:
        yield client


async def cause_of(database: Database, statement: str) -> Exception:
    """What comes of a statement that fails."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one it is differs
        async with database.writing() as session:
            await session.execute(text(statement))
    return caught.value


async def works(database: Database) -> bool:
    async with database.writing() as session:
        return bool(await session.scalar(text("SELECT 1")))


async def test_when_all_connections_are_taken_a_request_waits_but_not_for_ever(
    live_app: FastAPI, live_users: Users, template: Template
) -> None:
    reader = await live_users.client(Role.READER)
    database = open_database(live_app.state.settings.database_url, BOUNDS)
    async with on(live_app, database) as client:
        async with database.reading() as one, database.reading() as two:
            for session in (one, two):
                await session.execute(text("SELECT 1"))
            start = time.monotonic()
            refused = await reader.get("/users/me")
            assert time.monotonic() - start < BEARABLE_SECONDS
            problem_in(refused, 503, "unavailable")
            assert refused.headers["Retry-After"] == "5"
            # SQLite has another connection for those who write.
            written = await client.post(WRITE[0], json=WRITE[1])
            assert written.status_code == (202 if template.is_sqlite else 503)
        assert (await reader.get("/users/me")).status_code == 200
        assert (await client.post(WRITE[0], json=WRITE[1])).status_code == 202


# --- PostgreSQL ------------------------------------------------------------------------------------------------


@pytest.fixture
def postgresql_app(live_app: FastAPI, template: Template) -> FastAPI:
    if template.is_sqlite:
        pytest.skip("there is no server that could go away")
    return live_app


async def end_connections(url: str) -> None:
    address = make_url(url).set(drivername="postgresql")
    admin = await asyncpg.connect(address.set(database="postgres").render_as_string(hide_password=False))
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
    await admin.fetch(ending, address.database)
    await admin.close()


async def test_a_request_notices_nothing_of_connections_that_the_server_ended_before(postgresql_app: FastAPI) -> None:
    url = postgresql_app.state.settings.database_url
    async with on(postgresql_app, open_database(url, BOUNDS)) as client:
        assert (await client.post(WRITE[0], json=WRITE[1])).status_code == 202
        await end_connections(url)
        await asyncio.sleep(0.05)

        assert (await client.post(WRITE[0], json=WRITE[1])).status_code == 202


async def test_whoever_loses_the_connection_is_asked_to_come_back_and_nobody_else(postgresql_app: FastAPI) -> None:
    url = postgresql_app.state.settings.database_url
    database = open_database(url, BOUNDS)
    async with on(postgresql_app, database):
        waiting = asyncio.create_task(cause_of(database, "SELECT pg_sleep(30)"))
        await asyncio.sleep(0.1)
        await end_connections(url)
        error = await waiting

        assert is_transient(error)
        assert is_unreachable(error)
        assert await works(database)


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgresql_app: FastAPI) -> None:
    url = postgresql_app.state.settings.database_url
    database = open_database(url, PoolLimits(statement_seconds=0.1))
    async with on(postgresql_app, database):
        error = await cause_of(database, "SELECT pg_sleep(30)")

        assert is_transient(error)
        assert not is_unreachable(error)
        assert await works(database)


async def test_of_a_server_that_hangs_all_but_one_learn_at_once(
    postgresql_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And when it goes on, so does the blog."""
    monkeypatch.setattr(postgresql, "CONNECT_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(postgresql, "_GRACE_SECONDS", 0)
    monkeypatch.setattr(postgresql, "RETRY_SECONDS", 0.2)
    url = make_url(postgresql_app.state.settings.database_url)
    async with Line(url.host or "127.0.0.1", url.port or 5432) as line:
        through = url.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
        database = open_database(through, PoolLimits(connections=2, queue_seconds=1, statement_seconds=0.2))
        async with on(postgresql_app, database) as client:
            assert (await client.post(WRITE[0], json=WRITE[1])).status_code == 202
            connections = line.connections
            await line.fall_silent()

            start = time.monotonic()
            problem_in(await client.post(WRITE[0], json=WRITE[1]), 503, "unavailable")
            responses = await asyncio.gather(*(client.post(WRITE[0], json=WRITE[1]) for _ in range(20)))
            assert time.monotonic() - start < BEARABLE_SECONDS
            assert {response.status_code for response in responses} == {503}
            # A statement that hangs is cancelled over a connection of its own.
            assert line.connections - connections <= 2
            # One of two may be the attempt that finds out for all.
            causes = {type(await cause_of(database, "SELECT 1")) for _ in range(2)}
            assert DatabaseUnreachable in causes

            await line.cut()
            await line.mend()
            await asyncio.sleep(0.5)
            assert (await client.post(WRITE[0], json=WRITE[1])).status_code == 202
        await database.dispose()


# --- SQLite ----------------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite_app(live_app: FastAPI, template: Template) -> FastAPI:
    if not template.is_sqlite:
        pytest.skip("the server has the file")
    return live_app


async def test_a_full_disk_is_called_by_its_name_and_leaves_nothing_half_done(
    sqlite_app: FastAPI, live_users: Users
) -> None:
    author = await live_users.client(Role.AUTHOR)

    def fill(connection: sqlite3.Connection, _record: object) -> None:
        # No larger than it is.
        connection.execute("PRAGMA max_page_count=1")

    await sqlite_app.state.database.engine.dispose()
    event.listen(sqlite_app.state.database.engine.sync_engine, "connect", fill)
    article = {"title": "Long", "body_markdown": "word " * 40_000, "tags": ["New"]}

    problem_in(await author.post("/articles", json=article), 503, "storage_full")

    assert (await author.get("/users/me")).status_code == 200
    assert (await author.get("/tags")).json()["items"] == []
    event.remove(sqlite_app.state.database.engine.sync_engine, "connect", fill)
    await sqlite_app.state.database.engine.dispose()
    assert (await author.post("/articles", json=article)).status_code == 201
    async with sqlite_app.state.database.reading() as session:
        assert await session.scalar(text("PRAGMA integrity_check")) == "ok"


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.db"
    file.write_bytes(content)
    database = open_database(f"sqlite+aiosqlite:///{file}", BOUNDS)

    error = await cause_of(database, "SELECT * FROM users")

    await database.dispose()
    assert is_transient(error)
    assert is_unreachable(error)
    assert file.read_bytes() == content


async def test_a_database_that_nothing_can_be_written_to_can_be_read(sqlite_app: FastAPI) -> None:
    def protect(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    database = sqlite_app.state.database
    event.listen(database.engine.sync_engine, "connect", protect)
    async with client_of(sqlite_app) as client:
        problem_in(await client.post(WRITE[0], json=WRITE[1]), 503, "unavailable")
        assert (await client.get("/tags")).status_code == 200
    async with database.reading() as session:
        assert (await session.scalars(select(User))).all() == []


@pytest.mark.parametrize(
    ("error", "full"), [(OSError(28, "No space left on device"), True), (OSError(5, "I/O"), False)]
)
def test_a_disk_may_also_be_full_for_the_system(error: OSError, full: bool) -> None:
    assert is_transient(error)
    assert is_full(error) is full
