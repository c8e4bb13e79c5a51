"""Knowing without Alembic what Alembic would say."""

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from app.db import migrations, schema_version
from app.db.schema_version import is_newest, newest_versions
from app.db.session import create_engine
from tests.support.databases import Template


def test_the_newest_version_is_what_alembic_says() -> None:
    heads = ScriptDirectory.from_config(Config(migrations._ALEMBIC_INI)).get_heads()

    assert newest_versions() == frozenset(heads)


@pytest.mark.parametrize(
    ("lines", "newest"),
    [
        ({"a": "None", "b": '"a"'}, {"b"}),
        ({"a": "None", "b": "'a'", "c": "'a'"}, {"b", "c"}),
        ({"a": "None", "b": '"a"', "c": '"a"', "d": '("b", "c")'}, {"d"}),
    ],
)
def test_versions_may_branch_and_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: dict[str, str], newest: set[str]
) -> None:
    for name, before in lines.items():
        text = f'revision: str = "{name}"\ndown_revision: str | None = {before}\nbranch_labels = None\n'
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(schema_version, "_VERSIONS", tmp_path)

    assert newest_versions.__wrapped__() == newest


async def test_a_database_is_newest_once_it_is_migrated(template: Template) -> None:
    async with template.empty() as url:
        engine = create_engine(url)
        assert not await is_newest(engine)
        await engine.dispose()
    async with template.copy() as url:
        engine = create_engine(url)
        assert await is_newest(engine)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        assert not await is_newest(engine)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'of tomorrow'")
        assert await is_newest(engine)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'half-copied'")
        assert not await is_newest(engine)
        await engine.dispose()


async def test_a_database_that_is_away_is_not_taken_for_an_old_one(template: Template) -> None:
    engine = create_engine(
        template.url.replace("5432", "1") if not template.is_sqlite else "sqlite+aiosqlite:////no/db"
    )
    with pytest.raises((OSError, SQLAlchemyError)):
        await is_newest(engine)
    await engine.dispose()
