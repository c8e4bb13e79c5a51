"""Those who write, wait and read, where writers take turns."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from app.content.models import Tag
from app.db.session import Database

LONG = 10
ONE = text("SELECT 1")
ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")


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
