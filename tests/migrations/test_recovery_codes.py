"""Recovery codes got a date: those that were there count as made when they got it."""

from datetime import timedelta

from alembic import command
from sqlalchemy import select

from app.accounts.models import RecoveryCode
from app.core import clock
from app.db import migrations
from tests.support.databases import Template
from tests.support.rows import fill, opened

BEFORE = "0005"


async def test_codes_that_are_there_count_as_new(template: Template) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            await fill(session)
            (await session.scalars(select(RecoveryCode))).one().created_at = clock.now() - timedelta(days=400)
            await session.commit()

        await migrations.run(url, command.downgrade, BEFORE)
        upgraded_after = clock.now()
        await migrations.upgrade(url)

        async with opened(url) as database, database.reading() as session:
            newer = select(RecoveryCode.id).where(RecoveryCode.created_at >= upgraded_after)
            assert len((await session.scalars(newer)).all()) == 1
