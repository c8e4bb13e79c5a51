"""Migrations: up, down and up again, at once, and failing half-way."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.content.models import Article
from app.db import migrations
from app.db.base import Base
from app.db.session import create_engine
from tests.support.databases import Template
from tests.support.rows import counts, fill, opened, schema_of

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = ScriptDirectory(str(REPOSITORY / "alembic_migrations"))
HEADER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{revision}", "{before}", None, None
"""
WORKS = """
def upgrade():
    op.create_table("shelves", sa.Column("id", sa.Integer, primary_key=True))
"""
FAILS_HALF_WAY = """
def upgrade():
    op.create_table("half_done", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("tags", sa.Column("colour", sa.Text))
    op.execute("UPDATE tags SET colour = 'red'")
    op.execute("DELETE FROM jobs")
    raise ZeroDivisionError
"""
BREAKS_REFERENCES = """
def upgrade():
    op.add_column("tags", sa.Column("colour", sa.Text))
    op.execute("DELETE FROM categories WHERE parent_id IS NULL")
"""
REBUILDS_TABLES = """
def upgrade():
    for table in ("users", "categories", "articles", "tags", "comments"):
        recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
        with op.batch_alter_table(table, recreate=recreate) as rebuilt:
            rebuilt.add_column(sa.Column("colour", sa.Text))
"""


def upgrade_with(script: str, folder: Path) -> Any:
    """An Alembic command that upgrades to two more revisions than there are: one that works, and this one."""
    (folder / "works.py").write_text(HEADER.format(revision="works", before=SCRIPTS.get_current_head()) + WORKS)
    (folder / "next.py").write_text(HEADER.format(revision="next", before="works") + script)

    def upgrade(config: Config) -> None:
        folders = [str(REPOSITORY / "alembic_migrations" / "versions"), str(folder)]
        config.set_main_option("version_locations", os.pathsep.join(folders))
        command.upgrade(config, "head")

    return upgrade


async def test_there_is_one_newest_revision() -> None:
    assert len(SCRIPTS.get_heads()) == 1


async def test_the_models_and_the_migrations_agree(template: Template) -> None:
    await migrations.run(template.url, command.check)


async def test_a_disagreement_would_be_noticed(template: Template) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE tags ADD COLUMN colour TEXT")

        with pytest.raises(CommandError, match="colour"):
            await migrations.run(url, command.check)


async def test_migrating_gives_what_the_models_describe(template: Template) -> None:
    async with template.empty() as url:
        engine = create_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

        assert await schema_of(template.url) == await schema_of(url)


@pytest.mark.process
async def test_up_down_and_up_again_with_something_in_every_table(template: Template) -> None:
    revisions = list(SCRIPTS.walk_revisions())
    async with template.copy() as url:
        before = await schema_of(url)
        async with opened(url) as database, database.writing() as session:
            await fill(session)
        assert all((await counts(url)).values())

        for _ in revisions:
            await migrations.run(url, command.downgrade, "-1")
        assert {name: found for name, found in (await schema_of(url)).items() if found} == {}
        for _ in revisions:
            await migrations.run(url, command.upgrade, "+1")

        assert await schema_of(url) == before
        async with opened(url) as database, database.writing() as session:
            await fill(session)
        assert all((await counts(url)).values())


async def test_upgrading_what_is_up_to_date_changes_nothing(template: Template) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            await fill(session)
        before = (await schema_of(url), await counts(url))

        await migrations.upgrade(url)

        assert (await schema_of(url), await counts(url)) == before


@pytest.mark.process
async def test_several_may_upgrade_at_once(template: Template) -> None:
    script = "import asyncio, sys; from app.db.migrations import upgrade; asyncio.run(upgrade(sys.argv[1]))"

    async with template.empty() as url:
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", script, url, cwd=REPOSITORY, stderr=subprocess.PIPE
            )
            for _ in range(3)
        ]
        errors = [(await process.communicate())[1].decode() for process in processes]

        assert [process.returncode for process in processes] == [0, 0, 0], errors
        assert await schema_of(url) == await schema_of(template.url)


@pytest.mark.parametrize(
    ("script", "error"), [(FAILS_HALF_WAY, ZeroDivisionError), (BREAKS_REFERENCES, (RuntimeError, DBAPIError))]
)
@pytest.mark.process
async def test_a_migration_that_fails_leaves_everything_as_it_was(
    template: Template, tmp_path: Path, script: str, error: Any
) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            await fill(session)
        before = (await schema_of(url), await counts(url))

        with pytest.raises(error):
            await migrations.run(url, upgrade_with(script, tmp_path))

        assert (await schema_of(url), await counts(url)) == before
        await migrations.run(url, command.check)


@pytest.mark.process
async def test_rebuilding_a_table_keeps_what_refers_to_it(template: Template, tmp_path: Path) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            await fill(session)
        before = await counts(url)

        await migrations.run(url, upgrade_with(REBUILDS_TABLES, tmp_path))

        assert await counts(url) == before
        assert "colour" in repr((await schema_of(url))["users"]["columns"])


async def test_bodies_are_the_last_columns_of_a_row(template: Template) -> None:
    """On SQLite whatever stands behind them is read through all of their pages."""
    if not template.is_sqlite:
        return
    async with template.empty() as url:
        await migrations.upgrade(url)
        async with opened(url) as database, database.reading() as session:
            found = await session.execute(text("SELECT name FROM pragma_table_info('articles') ORDER BY cid"))
            names = [name for (name,) in found]

    assert names[-2:] == ["body_markdown", "body_html"]
    assert [column.name for column in Article.__table__.columns][-2:] == names[-2:]
