"""Emptying a PostgreSQL database, so that the next test can have it."""

import asyncpg

# Whoever has stored more than this leaves statistics and dead rows behind that others would be planned by.
_MAX_BYTES = 16 * 1024 * 1024
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"
# All that a test can have changed besides rows: tables, columns, constraints, indexes, triggers and functions.
_SCHEMA = """
SELECT md5(string_agg(item, chr(10) ORDER BY item)) FROM (
    SELECT format('%s %s %s', relname, relkind, relpersistence) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s.%s %s %s %s', attrelid::regclass, attname, atttypid::regtype, atttypmod, attnotnull)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT format('%s %s', tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT format('%s %s', proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s %s', nspname, pg_get_userbyid(nspowner), nspacl) FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\\_%'
    UNION ALL SELECT format('revision %s', version_num) FROM alembic_version
) AS schema (item)
"""
_TABLES = """
SELECT relname, relkind = 'S' FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname <> 'alembic_version'
"""


async def is_emptied(database: str, template: str) -> bool:
    """Delete all rows of a database; returns whether it is then as good as the new one at `template`.

    Both are addresses in asyncpg's format.
    """
    try:
        connection = await asyncpg.connect(database, timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    try:
        await connection.fetch(_OTHERS, connection.get_server_pid())
        if await connection.fetchval("SELECT pg_database_size(current_database())") > _MAX_BYTES:
            return False
        if await connection.fetchval(_SCHEMA) != await _schema_of(template):
            return False
        await _delete_rows(connection)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    finally:
        await connection.close()
    return True


_schemas: dict[str, str] = {}


async def _schema_of(template: str) -> str:
    if template not in _schemas:
        connection = await asyncpg.connect(template)
        _schemas[template] = await connection.fetchval(_SCHEMA)
        # Nobody may be connected to what others are copied from.
        await connection.close()
    return _schemas[template]


async def _delete_rows(connection: asyncpg.Connection) -> None:
    found = await connection.fetch(_TABLES)
    deletions = [f'DELETE FROM "{name}"' for name, is_sequence in found if not is_sequence]  # noqa: S608
    restarts = [f"setval('\"{name}\"', 1, false)" for name, is_sequence in found if is_sequence]
    async with connection.transaction():
        # Without triggers: some refuse deletions, the others keep counts that are gone anyway.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("; ".join(deletions))
        await connection.execute(f"SELECT {', '.join(restarts)}")
