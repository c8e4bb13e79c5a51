"""Whether the database has the newest schema version, without Alembic, which servers do not load."""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

# Stands in the place of a version as long as a database is being copied here: nobody may use it.
HALF_COPIED = "half-copied"
_VERSIONS = Path(__file__).parents[2] / "alembic_migrations/versions"
_REVISION = re.compile(r"^revision\b[^=]*= (.+)$", re.MULTILINE)
_DOWN_REVISION = re.compile(r"^down_revision\b[^=]*= (.+)$", re.MULTILINE)
_NAME = re.compile(r"""["']([^"']+)["']""")


@cache
def newest_versions() -> frozenset[str]:
    """The head revisions of the migrations: one, unless they branch."""
    sources = [path.read_text(encoding="utf-8") for path in _VERSIONS.glob("*.py")]
    return frozenset(_names(_REVISION, sources) - _names(_DOWN_REVISION, sources))


@cache
def _known_versions() -> frozenset[str]:
    return frozenset(_names(_REVISION, [path.read_text(encoding="utf-8") for path in _VERSIONS.glob("*.py")]))


def is_newer(versions: frozenset[str]) -> bool:
    """Whether a newer version of the software has been here, one that is taking over or was rolled back."""
    return HALF_COPIED not in versions and not versions <= _known_versions()


def _names(pattern: re.Pattern[str], sources: list[str]) -> set[str]:
    return {name for source in sources for line in pattern.findall(source) for name in _NAME.findall(line)}


async def is_newest(engine: AsyncEngine) -> bool:
    """Whether nothing needs to be migrated. Raises the driver's error if the database is unreachable.

    A newer version is fine: migrations only add, so the previous software keeps working.
    """
    async with engine.connect() as connection:
        try:
            found = await connection.scalars(text("SELECT version_num FROM alembic_version"))
        except DBAPIError as error:
            if means_that_there_is_no_table(error):
                return False
            raise
        versions = frozenset(found)
        return versions == newest_versions() or is_newer(versions)


def means_that_there_is_no_table(error: DBAPIError) -> bool:
    return "no such table" in str(error.orig) or "UndefinedTable" in str(error.orig)
