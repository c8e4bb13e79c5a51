"""What the app relies on, whichever the database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from app.accounts.models import User
from app.content.models import Tag
from app.db.session import Database
from app.queue.models import Job
from tests.support.databases import Template
from tests.support.rows import a_mail, a_user, an_article, opened


@pytest.fixture
async def database(template: Template) -> AsyncIterator[Database]:
    """A database of the test's own, with real connections."""
    async with template.copy() as url, opened(url) as database:
        yield database


async def test_a_row_cannot_refer_to_nothing(database: Database) -> None:
    async with database.writing() as session:
        session.add(an_article(author_id=4711))
        with pytest.raises(IntegrityError):
            await session.flush()


async def test_what_is_referred_to_cannot_be_deleted(database: Database) -> None:
    async with database.writing() as session:
        user = a_user()
        session.add(user)
        await session.flush()
        session.add(an_article(user.id))
        await session.flush()
        with pytest.raises(IntegrityError):
            await session.execute(delete(User))


async def test_every_connection_to_sqlite_is_prepared(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'blog.db'}"

    async with opened(url) as database, database.writing() as one, database.reading() as two:
        for session in (two, one):
            for pragma, expected in (("foreign_keys", 1), ("journal_mode", "wal"), ("synchronous", 2)):
                assert await session.scalar(text(f"PRAGMA {pragma}")) == expected


async def test_a_reader_does_not_wait_for_a_writer_and_does_not_see_its_changes(database: Database) -> None:
    async with database.writing() as writer, database.reading() as reader:
        writer.add(Tag(name="New", slug="new"))
        await writer.flush()

        assert await asyncio.wait_for(reader.scalar(select(func.count()).select_from(Tag)), 5) == 0


async def test_a_writer_does_not_wait_for_a_reader(database: Database) -> None:
    async with database.reading() as reader, database.writing() as writer:
        assert await reader.scalar(select(func.count()).select_from(Tag)) == 0
        writer.add(Tag(name="New", slug="new"))

        await asyncio.wait_for(writer.commit(), 5)


async def test_a_writer_that_reads_first_is_neither_refused_nor_overtaken(database: Database) -> None:
    async with database.writing() as session:
        session.add(Tag(name="0", slug="counter"))
        await session.commit()

    async def count() -> None:
        async with database.writing() as session:
            tag = (await session.scalars(select(Tag).with_for_update())).one()
            await asyncio.sleep(0)
            tag.name = str(int(tag.name) + 1)
            await session.commit()

    await asyncio.gather(*(count() for _ in range(10)))

    async with database.reading() as session:
        assert await session.scalar(select(Tag.name)) == "10"


async def test_what_failed_is_undone(database: Database) -> None:
    async with database.writing() as session:
        session.add(Tag(name="First", slug="same"))
        await session.flush()
        session.add(Tag(name="Second", slug="same"))
        with pytest.raises(IntegrityError):
            await session.flush()

    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Tag)) == 0


async def test_ids_are_not_used_again(database: Database) -> None:
    async with database.writing() as session:
        ids = []
        for _ in range(2):
            mail = a_mail()
            session.add(mail)
            await session.commit()
            ids.append(mail.id)
            await session.execute(delete(Job))
            await session.commit()

    assert ids[1] > ids[0]


@pytest.mark.parametrize("offset", [0, 2, -11, 14])
async def test_a_time_comes_back_as_the_same_moment_in_utc(database: Database, offset: int) -> None:
    moment = datetime(2026, 3, 29, 1, 30, 15, 123456, tzinfo=timezone(timedelta(hours=offset)))
    async with database.writing() as session:
        mail = a_mail()
        mail.created_at = moment
        session.add(mail)
        await session.commit()

    async with database.reading() as session:
        found = await session.scalar(select(Job.created_at))
        assert found == moment
        assert found.tzinfo is UTC
        assert await session.scalar(select(Job.id).where(Job.created_at == moment)) == mail.id
        later = Job.created_at > moment.astimezone(timezone(timedelta(hours=5)))
        assert await session.scalar(select(Job.id).where(later)) is None


async def test_a_time_without_an_offset_is_refused(database: Database) -> None:
    async with database.writing() as session:
        mail = a_mail()
        mail.created_at = datetime(2026, 1, 1)  # noqa: DTZ001 - that is what it is about
        session.add(mail)
        with pytest.raises(StatementError, match="without an offset"):
            await session.flush()


@pytest.mark.parametrize("name", ["ÄRGER", "Ärger", "ärger"])
async def test_addresses_and_usernames_have_no_case_in_any_script(database: Database, name: str) -> None:
    async with database.writing() as session:
        session.add(a_user("ärger"))
        await session.flush()

        assert await session.scalar(select(User.id).where(User.username == name)) is not None
        assert await session.scalar(select(User.id).where(User.email == f"{name}@EXAMPLE.com")) is not None
        session.add(a_user(name))
        with pytest.raises(IntegrityError):
            await session.flush()
