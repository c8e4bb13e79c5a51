"""Finding out whether a database is in order."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from typer.testing import Result

from tests.conftest import settings_for
from tests.support.commands import run_command
from tests.support.databases import Template
from tests.support.whole_databases import everything_in, execute, fill_with_odd_rows, many_users

# Whole databases are damaged, looked through and repaired.
pytestmark = pytest.mark.process

BROKEN = (
    "UPDATE articles SET comment_count = 7 WHERE slug = 'an-article'",
    "UPDATE categories SET article_count = article_count + 1",
    "UPDATE article_tags SET published_at = NULL",
    "UPDATE article_tags SET listed_at = '2020-01-01 00:00:00'",
    "UPDATE comments SET depth = 3 WHERE parent_id IS NOT NULL",
    "UPDATE articles SET title_key = 'x' WHERE slug = 'an-article'",
    "UPDATE articles SET category_id = 4711 WHERE slug = 'an-article'",
    "DROP INDEX ix_comments_author_id",
)
BROKEN_ON = {
    "sqlite": (
        "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'users'",
        "DROP TRIGGER audit_events_no_delete",
        "UPDATE users SET bio = 'a' || char(0)",
    ),
    "postgresql": (
        "SELECT setval('users_id_seq', 1, false)",
        "ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only",
        "ALTER TABLE users ADD CONSTRAINT positive CHECK (id > 0) NOT VALID",
    ),
}


@pytest.fixture
async def filled(template: Template) -> AsyncIterator[str]:
    """A database that is in order."""
    async with template.copy() as url:
        await fill_with_odd_rows(url)
        yield url


async def check(url: str, tmp_path: Path, *options: str) -> Result:
    return await run_command(settings_for(url, tmp_path), "commands.db", "check", *options)


def sqlite_file(url: str) -> Path:
    return Path(str(make_url(url).database))


def found(result: Result, kind: str = "finding") -> set[tuple[str, str | None]]:
    findings = [json.loads(line) for line in result.stdout.splitlines()]
    return {(finding["check"], finding["table"]) for finding in findings if finding["kind"] == kind}


async def test_a_database_in_order_is_said_to_be(filled: str, tmp_path: Path) -> None:
    await execute(filled, "UPDATE jobs SET run_at = NULL WHERE kind = 'mail'")

    result = await check(filled, tmp_path)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "No problems found."
    assert "Note: jobs: dead letters of the kind mail: 1." in result.stdout
    # Written by a test and not by the renderer.
    noted = found(await check(filled, tmp_path, "--json"), "note")
    assert noted == {("jobs", "jobs"), ("articles", "articles")}


async def test_what_is_not_in_order_is_found_and_counters_are_repaired(
    template: Template, filled: str, tmp_path: Path
) -> None:
    system = make_url(filled).get_backend_name()
    for statement in (*BROKEN, *BROKEN_ON[system]):
        await execute(filled, statement)
    counters = {("counters", name) for name in ("articles", "article_tags", "categories", "tags")}
    others = {
        *(("threads", "comments"), ("articles", "articles"), ("references", "articles"), ("schema", None)),
        *(("ids", "users"), ("triggers", None if template.is_sqlite else "audit_events")),
        ("values" if template.is_sqlite else "integrity", "users"),
    }
    if not template.is_sqlite:
        # As a replica, the server did not count: the date alone is wrong.
        counters -= {("counters", "tags")}

    result = await check(filled, tmp_path, "--json")
    assert result.exit_code == 1, result.output
    assert found(result) == counters | others, repr(result.exception)
    legible = await check(filled, tmp_path)
    assert "articles: comment_count is wrong in 1 row (#1)." in legible.stdout
    before = await everything_in(filled)

    repaired = await check(filled, tmp_path, "--repair", "--json")

    assert found(repaired) == others
    after = await everything_in(filled)
    changed = {name for name, rows in before.items() if rows != after[name]}
    assert changed - {"invalidations"} == {name for _, name in counters}
    assert found(await check(filled, tmp_path, "--json")) == others


async def test_a_damaged_history_is_found(filled: str, tmp_path: Path) -> None:
    nonsense = "x'00'" if make_url(filled).get_backend_name() == "sqlite" else "'\\x00'"
    statement = f"INSERT INTO revision_texts (article_id, data) SELECT min(id), {nonsense} FROM articles"  # noqa: S608
    await execute(filled, statement)

    assert found(await check(filled, tmp_path, "--json")) == {("histories", "revision_texts")}


async def test_a_damaged_file_is_found(template: Template, tmp_path: Path) -> None:
    if not template.is_sqlite:
        pytest.skip("PostgreSQL looks after its files itself")
    async with template.copy() as url:
        await many_users(url, 200)
        damage(sqlite_file(url))

        result = await check(url, tmp_path)

    assert result.exit_code == 1, result.output
    assert "missing from index" in result.stdout


def damage(file: Path) -> None:
    """Change a name in a table and not in its index."""
    content = file.read_bytes()
    row = b"user-77@example.comuser-77"
    assert row in content
    file.write_bytes(content.replace(row, row.replace(b"comuser", b"comUSER")))


async def test_a_database_of_another_version_is_said_to_be(template: Template, tmp_path: Path) -> None:
    async with template.empty() as url:
        if template.is_sqlite:
            assert " does not exist." in (await check(url, tmp_path)).stderr
            sqlite_file(url).touch()
        result = await check(url, tmp_path)

    assert result.exit_code == 1
    assert "the schema version is none instead of" in result.stdout
