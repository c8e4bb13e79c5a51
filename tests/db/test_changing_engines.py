"""Sessions that go from reading to writing, or back, do so between transactions."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Tag
from app.db.session import Database, PoolLimits, TransactionOpen, begin_writing, open_database, reading
from tests.support.databases import Template


@pytest.fixture
async def live(template: Template) -> AsyncIterator[Database]:
    async with template.copy() as url:
        database = open_database(url, PoolLimits())
        yield database
        await database.dispose()


async def read(session: AsyncSession) -> None:
    async with reading(session):
        await session.execute(text("SELECT 1"))


async def ask(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1"))


async def connect(session: AsyncSession) -> None:
    await session.connection()


async def add(session: AsyncSession) -> None:
    session.add(Tag(name="new", slug="new"))


async def commit_and_ask(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1"))
    await session.commit()
    await session.execute(text("SELECT 1"))


Step = Callable[[AsyncSession], Awaitable[None]]


@pytest.mark.parametrize("then", [begin_writing, read])
@pytest.mark.parametrize("before", [ask, connect, add, commit_and_ask, begin_writing])
@pytest.mark.parametrize("kind", ["reading", "writing"])
async def test_a_transaction_that_is_open_is_not_left_behind(
    live: Database, kind: str, before: Step, then: Step
) -> None:
    opened = live.reading if kind == "reading" else live.writing
    async with opened() as session:
        await before(session)
        with pytest.raises(TransactionOpen):
            await then(session)
        await session.rollback()

    async with live.reading() as session:
        assert (await session.scalars(select(Tag))).all() == []


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
@pytest.mark.parametrize("before", [ask, read, begin_writing])
async def test_one_that_has_ended_is_not_in_the_way(live: Database, before: Step, end: str) -> None:
    async with live.reading() as session:
        await before(session)
        await getattr(session, end)()
        await read(session)
        await begin_writing(session)
        session.add(Tag(name="new", slug="new"))
        await session.commit()

    async with live.reading() as session:
        assert [tag.name for tag in await session.scalars(select(Tag))] == ["new"]
