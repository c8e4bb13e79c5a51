"""What a blog that nobody visits does in a minute: `python -m benchmarks.idle [SECONDS]`.

Only the app's own work is counted: how often the event loop wakes up, and how many statements the databases get, of the
listener's connection too.
"""

import asyncio
import sys
import tempfile
from asyncio import base_events
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Engine, event

from app.main import create_app
from tests.conftest import settings_for
from tests.support.databases import postgresql_template, sqlite_template

# The listener of PostgreSQL takes a minute to believe that nobody comes.
_SETTLE_SECONDS = 65
_counted: Counter[str] = Counter()


def _count_everything() -> None:
    loops: Any = base_events.BaseEventLoop
    run_once = loops._run_once  # noqa: SLF001 - nothing else tells
    execute = asyncpg.Connection.execute

    def counting_run_once(loop: Any) -> None:
        _counted["turns of the event loop"] += 1
        run_once(loop)

    async def counting_execute(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
        # What SQLAlchemy sends this way are the ends of transactions.
        _counted["heartbeats of the listener"] += query == "SELECT 1"
        return await execute(connection, query, *arguments, **options)

    loops._run_once = counting_run_once  # noqa: SLF001 - as above
    asyncpg.Connection.execute = counting_execute

    @event.listens_for(Engine, "before_cursor_execute")
    def _count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        _counted["statements"] += 1
        _counted["writes"] += statement.startswith(("INSERT", "UPDATE", "DELETE", "WITH"))


async def _measure(name: str, url: str, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_for(url, Path(folder)))
        async with app.router.lifespan_context(app):
            await asyncio.sleep(_SETTLE_SECONDS)
            _counted.clear()
            await asyncio.sleep(seconds)
            found = {what: round(number * 60 / seconds) for what, number in _counted.items()}
    print(f"{name}, a minute: {found}")


async def main(seconds: float) -> None:
    """Measure on both databases."""
    _count_everything()
    with tempfile.TemporaryDirectory() as folder:
        async with sqlite_template(Path(folder)) as template:
            await _measure("SQLite", template.url, seconds)
    async with postgresql_template() as template:
        await _measure("PostgreSQL", template.url, seconds)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60))
