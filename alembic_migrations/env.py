"""How Alembic reaches the database: over the connection it is given, or over the one of the settings."""

import asyncio
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, DateTime

import app.hooks  # noqa: F401 - fills the metadata
from app.core.config import Settings
from app.db.base import Base, LowercaseString, UtcDateTime
from app.db.migrations import check_foreign_keys, lock, migration_engine


def render_item(kind: str, item: Any, _autogen_context: Any) -> str | Literal[False]:
    """A migration outlives the code: it names the databases' types, not the application's."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return f"sa.{DateTime(timezone=True)!r}"
    if kind == "type" and isinstance(item, LowercaseString):
        text = f"sa.String(length={item.length}"
        return f'{text}, collation="C").with_variant({text}), "sqlite")'
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        # Alembic does not expect it of SQLite, and would commit each revision before the references are checked.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        lock(connection)
        context.run_migrations()
        check_foreign_keys(connection)


async def migrate_configured_database() -> None:
    engine = migration_engine(Settings().direct_url)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    asyncio.run(migrate_configured_database())
