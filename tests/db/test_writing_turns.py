"""Those who write to SQLite take turns, and those who read need none."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Tag
from app.core.client import COMMAND_LINE
from app.core.roles import Role
from app.db import sqlite
from app.db.errors import is_transient
from app.db.session import Database, PoolLimits, begin_writing, open_database, reading
from app.db.sqlite import NestedWriteError
from app.unit_of_work import unit_of_work
from tests.support.databases import Template
from tests.support.problems import problem_in
from tests.support.users import Users, client_of

LONG = 10
ONE = text("SELECT 1")
ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")


@pytest.fixture
async def url(template: Template) -> AsyncIterator[str]:
    if not template.is_sqlite:
        pytest.skip("writers wait for each other on SQLite only")
    async with template.copy() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = open_database(url, PoolLimits(connections=2, queue_seconds=0.2))
    yield database
    await database.dispose()


async def pause() -> None:
    """Let the others go on until they wait for something."""
    for _ in range(10):
        await asyncio.sleep(0)


async def write(database: Database, slug: str = "new") -> None:
    async with database.writing() as session:
        session.add(Tag(name=slug, slug=slug))
        await session.commit()


async def names(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(Tag.name).order_by(Tag.id)))


@contextmanager
def another_process(url: str) -> Iterator[None]:
    """Somebody who writes for a long time."""
    connection = sqlite3.connect(str(make_url(url).database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


# --- The order -------------------------------------------------------------------------------------------------


async def test_whoever_comes_first_writes_first(database: Database) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        waiting = []
        for number in range(20):
            waiting.append(asyncio.create_task(write(database, f"{number}")))
            await pause()
        assert await names(database) == []
        await first.commit()
    await asyncio.gather(*waiting)

    assert await names(database) == [f"{number}" for number in range(20)]


async def test_whoever_has_just_written_comes_last(database: Database) -> None:
    async def write_twice() -> None:
        await write(database, "mine")
        await write(database, "mine again")

    async with database.writing() as first:
        await first.execute(ONE)
        waiting = [asyncio.create_task(write_twice())]
        await pause()
        waiting += [asyncio.create_task(write(database, name)) for name in ("yours", "theirs")]
        await pause()
    await asyncio.gather(*waiting)

    assert await names(database) == ["mine", "yours", "theirs", "mine again"]


async def test_background_work_waits_in_the_same_queue(database: Database, url: str) -> None:
    background = open_database(url, beside=database)
    async with database.writing() as first:
        await first.execute(ONE)
        waiting = []
        for where, name in ((database, "request"), (background, "job"), (database, "another request")):
            waiting.append(asyncio.create_task(write(where, name)))
            await pause()
    await asyncio.gather(*waiting)
    await background.dispose()

    assert await names(database) == ["request", "job", "another request"]


async def test_the_turn_of_a_pool_that_was_disposed_of_has_to_end_too(database: Database) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        await database.engine.dispose()
        later = asyncio.create_task(write(database))
        await pause()
        assert not later.done()
        # What is given back to a pool that was disposed of, nobody would close.
        await (await first.connection()).invalidate()
    await asyncio.wait_for(later, LONG)

    assert await names(database) == ["new"]


async def test_two_processes_lose_nothing_of_each_other(database: Database, url: str) -> None:
    elsewhere = open_database(url)

    async def count(where: Database) -> None:
        for _ in range(5):
            async with where.writing() as session:
                tag = (await session.scalars(select(Tag))).one()
                tag.name = str(int(tag.name) + 1)
                await session.commit()

    async with database.writing() as session:
        session.add(Tag(name="0", slug="counter"))
        await session.commit()
    await asyncio.gather(*(count(where) for where in (database, elsewhere) for _ in range(4)))
    await elsewhere.dispose()

    assert await names(database) == ["40"]


# --- The end of a turn -----------------------------------------------------------------------------------------


async def commit(session: AsyncSession) -> None:
    await session.commit()


async def roll_back(session: AsyncSession) -> None:
    await session.rollback()


async def close(session: AsyncSession) -> None:
    await session.close()


async def leave(_session: AsyncSession) -> None:
    """The block ends."""


async def fail(session: AsyncSession) -> None:
    await session.execute(text("SELECT * FROM nowhere"))


async def break_a_constraint(session: AsyncSession) -> None:
    session.add_all([Tag(name="1", slug="same"), Tag(name="2", slug="same")])
    await session.commit()


async def lose_the_connection(session: AsyncSession) -> None:
    await (await session.connection()).invalidate()


async def crash(session: AsyncSession) -> None:
    """The driver's connection is closed behind SQLAlchemy's back."""
    raw: Any = await (await session.connection()).get_raw_connection()
    await raw.driver_connection.close()
    await session.commit()


async def be_cancelled(session: AsyncSession) -> None:
    await session.execute(ENDLESS)


async def be_cancelled_committing(session: AsyncSession) -> None:
    session.add(Tag(name="half", slug="half"))
    asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)  # type: ignore[union-attr]
    await session.commit()


async def be_cancelled_between(_session: AsyncSession) -> None:
    await asyncio.Event().wait()


ENDS: list[Callable[[AsyncSession], Awaitable[None]]] = [
    commit,
    roll_back,
    close,
    leave,
    fail,
    break_a_constraint,
    lose_the_connection,
    crash,
    be_cancelled,
    be_cancelled_committing,
    be_cancelled_between,
]


@pytest.mark.parametrize("end", ENDS)
async def test_however_a_turn_ends_the_next_one_begins(
    database: Database, end: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    async def have_a_turn() -> None:
        async with database.writing() as session:
            await session.execute(ONE)
            await end(session)

    turn = asyncio.create_task(have_a_turn())
    await pause()
    next_turn = asyncio.create_task(write(database))
    await asyncio.wait([turn], timeout=0.1 if "cancelled" in end.__name__ else LONG)
    turn.cancel()
    with suppress(Exception, asyncio.CancelledError):
        await turn

    await asyncio.wait_for(next_turn, LONG)
    assert "new" in await names(database)
    await asyncio.wait_for(write(database, "and on"), LONG)


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_whoever_is_cancelled_waiting_leaves_the_queue(database: Database, place: int) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        waiting = [asyncio.create_task(write(database, f"{number}")) for number in range(3)]
        await pause()
        waiting[place].cancel()
        await pause()
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(results.pop(place), asyncio.CancelledError)
    assert results == [None, None]
    assert await names(database) == [f"{number}" for number in range(3) if number != place]


async def test_whoever_is_cancelled_when_it_is_their_turn_passes_it_on(database: Database) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        called, next_one = (asyncio.create_task(write(database, name)) for name in ("called", "next"))
        await pause()
        await first.commit()
        called.cancel()
    await asyncio.wait_for(next_one, LONG)

    assert await names(database) == ["next"]


async def test_a_connection_that_cannot_be_opened_costs_nobody_a_turn(database: Database) -> None:
    def refuse(connection: Any, _record: object) -> None:
        connection.close()
        raise sqlite3.OperationalError("unable to open database file")

    event.listen(database.engine.sync_engine, "connect", refuse)
    for _ in range(2):
        with pytest.raises(Exception, match="unable to open"):
            await asyncio.wait_for(write(database), LONG)
    event.remove(database.engine.sync_engine, "connect", refuse)

    await asyncio.wait_for(write(database), LONG)


# --- Waiting in vain -------------------------------------------------------------------------------------------


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


# --- Those who read --------------------------------------------------------------------------------------------


async def test_those_who_read_pass_those_who_wait_to_write(live_app: FastAPI, live_users: Users) -> None:
    """However many these are: they hold no connections."""
    author = await live_users.client(Role.AUTHOR)
    url = live_app.state.settings.database_url
    if not url.startswith("sqlite"):
        pytest.skip("writers wait for each other on SQLite only")
    await live_app.state.database.dispose()
    database = live_app.state.database = open_database(url, PoolLimits(connections=2, queue_seconds=LONG))
    async with database.writing() as first:
        await first.execute(ONE)
        requests = [
            asyncio.create_task(author.post("/articles", json={"title": f"{number}", "body_markdown": "Hello."}))
            for number in range(20)
        ]
        while len(database.engine.pool._lock._waiters or ()) < len(requests):  # type: ignore[attr-defined]  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        for path in ("/users/me", "/articles", "/articles?status=draft"):
            assert (await author.get(path)).status_code == 200
        assert not any(request.done() for request in requests)

    assert {response.status_code for response in await asyncio.gather(*requests)} == {201}


async def test_what_is_loaded_before_writing_takes_no_turn(database: Database) -> None:
    async with database.writing() as first, database.writing() as second:
        await first.execute(ONE)
        async with reading(second):
            assert await second.scalar(select(func.count()).select_from(Tag)) == 0
        first.add(Tag(name="first", slug="first"))
        await first.commit()
        second.add(Tag(name="second", slug="second"))
        await second.commit()

    assert await names(database) == ["first", "second"]


async def test_whoever_reads_can_go_on_to_write_in_turn(database: Database) -> None:
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Tag)) == 0
        await session.commit()
        # Somebody else is quicker: a transaction that has read could not go on to write.
        await write(database, "quicker")
        await begin_writing(session)
        session.add(Tag(name="slower", slug="slower"))
        await session.commit()

    assert await names(database) == ["quicker", "slower"]


@pytest.mark.parametrize("is_inside", [True, False])
async def test_whoever_only_reads_cannot_write(database: Database, is_inside: bool) -> None:
    """Not even if nobody else does at the moment: it would fail once somebody does."""

    async def write_reading(session: AsyncSession) -> None:
        async with reading(session):
            session.add(Tag(name="new", slug="new"))
            await session.flush()

    async with database.writing() if is_inside else database.reading() as session:
        with pytest.raises(OperationalError, match="readonly"):
            await write_reading(session)

    assert await names(database) == []


async def test_an_error_while_reading_leaves_a_session_that_can_write(database: Database) -> None:
    async def fail_reading(session: AsyncSession) -> None:
        async with reading(session):
            await session.execute(ONE)
            raise LookupError

    async with database.writing() as session:
        with pytest.raises(LookupError):
            await fail_reading(session)
        session.add(Tag(name="new", slug="new"))
        await session.commit()

    assert await names(database) == ["new"]


async def test_a_question_that_takes_long_keeps_nobody_waiting(database: Database) -> None:
    many = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT i FROM n")
    async with database.reading() as session:
        question = asyncio.create_task(session.scalars(many))
        turns = 0
        while not question.done():
            await asyncio.sleep(0)
            turns += 1
        assert (await question).all() == list(range(1, 300001))
        # In the same transaction, it goes on as before.
        assert await session.scalar(ONE) == 1

    assert turns > 10


async def test_a_question_that_nobody_waits_for_any_more_is_ended(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await session.execute(ENDLESS)

    assert await names(database) == []
    assert database.reading_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_in_memory_there_is_one_connection_for_all() -> None:
    database = open_database("sqlite+aiosqlite:///:memory:")
    async with database.writing() as session:
        await session.execute(text("CREATE TABLE things (name TEXT)"))
        await session.execute(text("INSERT INTO things VALUES ('one')"))
        await session.commit()
        async with reading(session):
            assert await session.scalar(text("SELECT name FROM things")) == "one"
    async with database.reading() as session:
        assert await session.scalar(text("SELECT name FROM things")) == "one"
    await database.engine.dispose()
