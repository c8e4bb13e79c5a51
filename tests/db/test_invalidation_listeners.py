"""Hearing what other processes change, and knowing when one would not hear it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import delete, text
from sqlalchemy.engine import make_url

from app.cache.keys import EVERYTHING, TAGS
from app.content.models import Tag
from app.db.changes import listeners as watching
from app.db.changes.listeners import InvalidationListener, listener_for
from app.db.changes.models import Invalidation
from app.db.changes.tracking import InvalidationBus
from app.db.changes.wake_ups import WakeUps
from app.db.session import Database
from tests.support.databases import Template
from tests.support.rows import opened


class Heard:
    """What a process has been told, after the first news, which are everything."""

    def __init__(self) -> None:
        self.invalidations = InvalidationBus()
        self.wake_ups = WakeUps()
        self.keys: list[set[str]] = []
        self.invalidations.subscribe(lambda keys: self.keys.append(set(keys)))


@pytest.fixture
async def url(template: Template) -> AsyncIterator[str]:
    async with template.copy() as url:
        yield url


@pytest.fixture
async def elsewhere(url: str) -> AsyncIterator[Database]:
    """The database as another process has opened it."""
    async with opened(url) as database:
        yield database


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(watching, "_MAX_STALENESS_SECONDS", 0.0)


async def become(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - nobody is to be told of it but those who ask
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(url: str, heard: Heard) -> AsyncIterator[InvalidationListener]:
    watch = listener_for(url, heard.invalidations, heard.wake_ups)
    stopping = asyncio.Event()
    running = asyncio.create_task(watch.run(stopping))
    await become(watch.is_current)
    try:
        yield watch
    finally:
        stopping.set()
        await asyncio.wait_for(running, 5)


async def rename_a_tag(database: Database, times: int = 1) -> Tag:
    async with database.writing() as session:
        tag = Tag(name="Red", slug="red")
        session.add(tag)
        await session.commit()
        for number in range(times):
            tag.name = f"Red {number}"
            await session.commit()
    return tag


async def test_what_is_new_is_that_nothing_is_known(url: str) -> None:
    heard = Heard()

    async with listening(url, heard):
        assert heard.keys == [{EVERYTHING}]


async def test_jobs_that_were_enqueued_before_it_listened_are_looked_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been deaf for a while, not only not been there yet."""
    monkeypatch.setattr(watching, "_IDLE_LOOK_SECONDS", 0.02)
    heard, woken = Heard(), asyncio.Event()
    heard.wake_ups.subscribe(woken.set)

    async with listening(url, heard), asyncio.timeout(5):
        await woken.wait()


async def test_what_another_process_commits_is_heard(url: str, elsewhere: Database) -> None:
    heard = Heard()

    async with listening(url, heard) as watch:
        tag = await rename_a_tag(elsewhere, times=2)
        await become(lambda: watch.is_current() and len(heard.keys) > 2)

        assert heard.keys[1:] == [{f"tag:{tag.id}", TAGS, "articles:tagged"}] * 2


async def test_what_is_rolled_back_is_not(url: str, elsewhere: Database) -> None:
    heard = Heard()
    told = Heard()
    elsewhere.invalidations.subscribe(lambda keys: told.keys.append(set(keys)))

    async with listening(url, heard) as watch:
        tag = await rename_a_tag(elsewhere, times=0)
        async with elsewhere.writing() as session:
            (await session.get_one(Tag, tag.id)).name = "Blue"
            await session.flush()
            await session.rollback()
        await rename_other_than(elsewhere, tag)
        await become(lambda: watch.is_current() and len(heard.keys) > 1)

    assert len(heard.keys) == 2
    assert len(told.keys) == 1


async def rename_other_than(database: Database, tag: Tag) -> None:
    async with database.writing() as session:
        other = Tag(name="Other", slug="other")
        session.add(other)
        await session.commit()
        assert other.id != tag.id
        other.name = "Another"
        await session.commit()


async def test_ones_own_changes_are_told_at_once_and_once(url: str) -> None:
    async with opened(url) as database:
        heard = Heard()
        heard.invalidations = database.invalidations
        database.invalidations.subscribe(lambda keys: heard.keys.append(set(keys)))
        async with listening(url, heard) as watch:
            await rename_a_tag(database)
            told = len(heard.keys)
            await asyncio.sleep(0.1)
            assert watch.is_current()

    assert told == len(heard.keys) == 2


def test_what_comes_twice_is_told_once() -> None:
    heard = Heard()

    for name in ("a.1", "a.1", "b.1", None, None):
        heard.invalidations.publish(["tag:1"], name)

    assert len(heard.keys) == 4


async def test_a_commit_that_fails_halfway_is_announced_all_the_same(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have taken effect."""
    async with opened(url) as database:
        told = Heard()
        database.invalidations.subscribe(lambda changed: told.keys.append(set(changed)))
        tag = await rename_a_tag(database, times=0)
        async with database.writing() as session:
            (await session.get_one(Tag, tag.id)).name = "Blue"
            monkeypatch.setattr("sqlalchemy.engine.Connection._commit_impl", _lose_the_connection)
            with pytest.raises(ConnectionError):
                await session.commit()
        monkeypatch.undo()

    assert told.keys[-1] == {f"tag:{tag.id}", TAGS, "articles:tagged"}


def _lose_the_connection(*_: object) -> None:
    raise ConnectionError


async def test_a_change_of_very_much_is_one_of_everything(url: str, elsewhere: Database) -> None:
    heard = Heard()
    async with elsewhere.writing() as session:
        tags = [Tag(name=f"{number}", slug=f"tag-{number}") for number in range(1000)]
        session.add_all(tags)
        await session.commit()

        async with listening(url, heard) as watch:
            for tag in tags:
                tag.name = f"x{tag.name}"
            await session.commit()
            await become(lambda: watch.is_current() and len(heard.keys) > 1)

    assert heard.keys[1] == {EVERYTHING}


async def test_whoever_missed_announcements_that_are_gone_forgets_everything(
    template: Template, url: str, elsewhere: Database
) -> None:
    if not template.is_sqlite:
        pytest.skip("PostgreSQL keeps no announcements")
    heard = Heard()

    async with listening(url, heard) as watch:
        await rename_a_tag(elsewhere, times=3)
        async with elsewhere.writing() as session:
            await session.execute(delete(Invalidation).where(Invalidation.id < 3))
            await session.commit()
        assert watch.is_current()

    assert heard.keys[1] == {EVERYTHING}


async def test_a_listener_that_was_cut_off_knows_it_and_comes_back(template: Template, url: str) -> None:
    if template.is_sqlite:
        pytest.skip("there is no connection to lose")
    heard = Heard()

    async with listening(url, heard) as watch, opened(url) as database:
        async with database.writing() as session:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            await session.execute(text(f"{others} AND pid <> pg_backend_pid()"))
        await become(lambda: not watch.is_current())
        await become(watch.is_current)

    assert heard.keys == [{EVERYTHING}] * 2


async def test_a_database_that_cannot_be_read_is_not_current(template: Template, url: str, tmp_path: Path) -> None:
    heard = Heard()
    away = (
        f"sqlite+aiosqlite:///{tmp_path / 'no' / 'blog.db'}"
        if template.is_sqlite
        else make_url(url).set(port=1).render_as_string(hide_password=False)
    )
    watch = listener_for(away, heard.invalidations, heard.wake_ups)
    stopping = asyncio.Event()
    running = asyncio.create_task(watch.run(stopping))
    await asyncio.sleep(0.05)

    assert not watch.is_current()

    stopping.set()
    await asyncio.wait_for(running, 5)
    assert heard.keys == []


async def test_on_an_idle_blog_postgresql_is_left_alone_until_somebody_asks(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if make_url(url).get_backend_name() == "sqlite":
        pytest.skip("it is not asked over a network")
    beats: list[str] = []
    execute = asyncpg.Connection.execute

    async def counting_execute(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
        beats.append(query)
        return await execute(connection, query, *arguments, **options)

    monkeypatch.setattr(asyncpg.Connection, "execute", counting_execute)
    async with listening(url, Heard()) as watch:
        monkeypatch.setattr(watching, "_SILENCE_TIMEOUT_SECONDS", 0.1)
        assert isinstance(watch, watching.PostgresqlListener)
        # As if nobody had come for a while.
        watch._asked_at -= watching._IDLE_SECONDS
        await asyncio.sleep(0.3)
        before = len(beats)
        await asyncio.sleep(0.3)
        assert len(beats) == before
        assert not watch.is_current()
        await become(watch.is_current)
