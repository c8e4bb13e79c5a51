"""Tables and columns got other names, and kept their rows."""

from typing import Any

from alembic import command
from sqlalchemy import text

from app.db import migrations
from tests.support.databases import Template
from tests.support.rows import fill, opened
from tests.support.whole_databases import everything_in

BEFORE = "0003"
RENAMED = ("audit_events", "login_sessions", "jobs", "email_changes", "account_deletions", "invalidations")
ANOTHER = (
    "INSERT INTO email_changes (user_id, old_email, new_email, requested_at) SELECT id, 'a', 'b', created_at FROM users"
)


# What versions before did not know.
NEW = {
    *("article_copies", "article_slugs", "taken_slugs", "former_names", "idempotency_keys", "redirects"),
    *("revision_texts", "revisions", "schedules"),
}


async def kept_rows(url: str) -> dict[str, Any]:
    """Everything but the new tables, and when recovery codes were made."""
    rows = {table: rows for table, rows in (await everything_in(url)).items() if table not in NEW}
    return {**rows, "recovery_codes": [code[:-1] for code in rows["recovery_codes"]]}


async def test_every_row_is_kept_and_ids_go_on_where_they_were(template: Template) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            await fill(session)
            last = await session.scalar(text("SELECT max(id) FROM email_changes"))
            await session.commit()
        before = await kept_rows(url)
        assert all(before[table] for table in RENAMED)

        await migrations.run(url, command.downgrade, BEFORE)
        await migrations.upgrade(url)

        assert await kept_rows(url) == before
        async with opened(url) as database, database.writing() as session:
            await session.execute(text("DELETE FROM email_changes"))
            await session.commit()
        await migrations.run(url, command.downgrade, BEFORE)
        await migrations.upgrade(url)
        async with opened(url) as database, database.writing() as session:
            await session.execute(text(ANOTHER))
            assert await session.scalar(text("SELECT min(id) FROM email_changes")) > last
