"""Databases filled with values that are hard to transfer, and reading everything in one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.engine import make_url

from app.accounts.models import Passkey, User
from app.audit.models import AuditEvent
from app.content.models import Category, Tag
from app.core.roles import Role
from app.db.base import Base
from app.db.migrations import migration_engine
from app.queue.models import Job
from tests.support.databases import Template, postgresql_server
from tests.support.rows import a_mail, a_user, an_article, fill, opened

LAST_MAIL = 1000
BIG = 2**62
MOMENT = datetime(2026, 3, 29, 0, 30, 15, 1, tzinfo=UTC)
ODD_TEXT = 'O\'Brien "\\x00" \\ % : $1 ? 👩🏽\u200d🚀 ﷽ \u202e\r\n\t\x01 \U0010ffff'


async def fill_with_odd_rows(url: str) -> None:
    """Rows in every table, some with values that careless code loses or refuses."""
    async with opened(url) as database, database.writing() as session:
        await fill(session)
    async with opened(url) as database, database.writing() as session:
        author = User(
            email=None, username="nobody", display_name=ODD_TEXT, bio="", role=Role.AUTHOR, hashed_password=""
        )
        session.add_all([author, Tag(id=BIG, name=ODD_TEXT, slug="big")])
        await session.flush()
        long = an_article(author.id, "long")
        long.title, long.body_html, long.published_at = ODD_TEXT, "ä💥" * 250_000, MOMENT
        session.add(long)
        session.add(
            AuditEvent(action="x", ip_address="", user_agent=ODD_TEXT, request_id="", details={"b": [None, ODD_TEXT]})
        )
        mail = a_mail()
        mail.id = LAST_MAIL
        session.add(mail)
        for key in await session.scalars(select(Passkey)):
            key.public_key = bytes(range(256))
        await session.commit()
        # A category below one that was made later, and an id that was handed out and is gone.
        await session.execute(update(Category).where(Category.slug == "parent").values(parent_id=None))
        late = Category(name="Late", slug="late")
        session.add(late)
        await session.flush()
        await session.execute(update(Category).where(Category.slug == "parent").values(parent_id=late.id))
        await session.execute(delete(Job).where(Job.id == LAST_MAIL))
        if not url.startswith("sqlite"):
            # PostgreSQL does not count ids that it is given.
            for table, last in (("jobs", LAST_MAIL), ("tags", BIG), ("login_sessions", 1)):
                await session.execute(select(func.setval(f"{table}_id_seq", last)))
        await session.commit()


async def many_users(url: str, count: int) -> None:
    async with opened(url) as database, database.writing() as session:
        session.add_all(a_user(f"user-{number}") for number in range(count))
        await session.commit()


async def everything_in(url: str) -> dict[str, list[Any]]:
    """All rows of all tables."""
    async with opened(url) as database, database.reading() as session:
        return {
            table.name: [tuple(row) for row in await session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


async def execute(url: str, *statements: str) -> None:
    """Execute statements without foreign keys being enforced."""
    engine = migration_engine(url)
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


@asynccontextmanager
async def empty_elsewhere(template: Template, folder: Path) -> AsyncIterator[str]:
    """An empty database on the other system."""
    if not template.is_sqlite:
        yield f"sqlite+aiosqlite:///{folder / uuid4().hex}.db"
        return
    server = make_url(await postgresql_server()).set(drivername="postgresql+asyncpg", database="colophon_test")
    async with Template(server.render_as_string(hide_password=False)).empty() as url:
        yield url
