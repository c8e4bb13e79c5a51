"""Whoever waits too long for a turn to write, or would wait for ever, is told so."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.content.models import Tag
from app.core.client import COMMAND_LINE
from app.db import sqlite
from app.db.errors import is_transient
from app.db.session import Database, begin_writing
from app.db.sqlite import NestedWriteError
from app.unit_of_work import unit_of_work
from tests.support.databases import Template
from tests.support.problems import problem_in
from tests.support.users import client_of
from tests.support.writing_turns import LONG, ONE, another_process, names, pause, write


async def test_a_task_that_is_writing_is_refused_another_transaction_that_writes(database: Database) -> None:
    """It would wait for itself."""
    async with database.writing() as session:
        session.add(Tag(name="outer", slug="outer"))
        await session.flush()
        with pytest.raises(NestedWriteError):
            await write(database)
        await session.commit()
        await write(database, "afterwards")

    assert await names(database) == ["outer", "afterwards"]


async def test_so_are_units_of_work_and_readers_that_begin_to_write(live_app: FastAPI, template: Template) -> None:
    if not template.is_sqlite:
        pytest.skip("writers wait for each other on SQLite only")
    database, process = live_app.state.database, live_app.state.process

    async with unit_of_work(database.writing, process, COMMAND_LINE) as unit:
        await unit.session.execute(ONE)
        with pytest.raises(NestedWriteError):
            async with unit_of_work(database.writing, process, COMMAND_LINE) as nested:
                await nested.session.execute(ONE)
        async with database.reading() as session:
            with pytest.raises(NestedWriteError):
                await begin_writing(session)


async def test_whoever_waits_too_long_is_told_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.05)
        waiting = [asyncio.create_task(write(database, f"{number}")) for number in range(3)]
        errors = await asyncio.gather(*waiting, return_exceptions=True)
        monkeypatch.undo()
        waiting = [asyncio.create_task(write(database, f"{number}")) for number in range(3)]
        await pause()
    await asyncio.gather(*waiting)

    assert [type(error) for error in errors] == 3 * [PoolTimeoutError]
    assert all(is_transient(error) for error in errors if isinstance(error, Exception))
    assert await names(database) == ["0", "1", "2"]


async def test_another_process_is_waited_for_as_long_as_the_queue_and_not_once_more_by_each(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.3)
    with another_process(url):
        loop = asyncio.get_running_loop()
        start = loop.time()
        errors = await asyncio.gather(*(write(database, f"{number}") for number in range(10)), return_exceptions=True)
        assert loop.time() - start < 10 * 0.3
    await asyncio.wait_for(write(database), LONG)

    assert {type(error) for error in errors} <= {OperationalError, PoolTimeoutError}
    assert await names(database) == ["new"]


@pytest.mark.parametrize("is_elsewhere", [True, False])
async def test_a_request_that_waits_too_long_is_asked_to_come_back(
    live_app: FastAPI, template: Template, monkeypatch: pytest.MonkeyPatch, is_elsewhere: bool
) -> None:
    if not template.is_sqlite:
        pytest.skip("writers wait for each other on SQLite only")
    database = live_app.state.database
    request = "/auth/forgot-password", {"email": "anna@example.com"}
    monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.05)
    async with AsyncExitStack() as stack, client_of(live_app) as client:
        if is_elsewhere:
            stack.enter_context(another_process(live_app.state.settings.database_url))
        else:
            writer = await stack.enter_async_context(database.writing())
            await writer.execute(ONE)
        # In a task of its own, as the server does it.
        refused = await asyncio.create_task(client.post(request[0], json=request[1]))
        problem_in(refused, 503, "unavailable")
        assert refused.headers["Retry-After"] == "5"
        await stack.aclose()
        assert (await client.post(request[0], json=request[1])).status_code == 202
