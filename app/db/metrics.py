"""What is measured of the database, and momentary numbers that domains read from it."""

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.metrics import Number, counter, histogram, live_gauge

_QUERY_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

query_seconds = histogram(
    "db_query_duration_seconds",
    "Time from sending a query until its first rows arrived, including time the process spent waiting.",
    _QUERY_SECONDS,
)
slow_queries_total = counter("db_slow_queries_total", "Queries that took longer than SLOW_QUERY_MS.")
# Pools are not added up: one that is full keeps its users waiting, whatever the other one has left.
pool_in_use = live_gauge("db_pool_connections_in_use", "Database connections in use.", ["pool"])
pool_open = live_gauge("db_pool_connections_open", "Open database connections.", ["pool"])
pool_size = live_gauge("db_pool_size", "Database connections kept open when idle.", ["pool"])

Numbers = Mapping[str, Number]
_readers: list[Callable[[AsyncSession], Awaitable[Numbers]]] = []


def register_numbers(read: Callable[[AsyncSession], Awaitable[Numbers]]) -> None:
    """Have numbers read from the database whenever metrics are scraped, which has to be quick."""
    _readers.append(read)


async def momentary_numbers(session: AsyncSession) -> dict[str, Number]:
    """All numbers that domains have registered, as of now."""
    return {name: number for read in _readers for name, number in (await read(session)).items()}
