"""Everything that connects does as the URL says."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from app.core.database_urls import usable_database_url
from app.db.changes.listeners import PostgresqlListener
from app.db.changes.tracking import InvalidationBus
from app.db.changes.wake_ups import WakeUps
from app.db.errors import CONNECTION_ERRORS
from app.db.postgresql import connection_options, driver_arguments
from app.db.session import PoolLimits, create_engine, open_read_pool
from app.ops.maintenance import postgresql_dumps
from tests.support.databases import Template

_ASK = "SELECT current_setting('application_name') || ',' || current_setting('geqo')"
Ask = Callable[[str], Awaitable[Any]]


@pytest.fixture
def server(template: Template) -> URL:
    if template.is_sqlite:
        pytest.skip("SQLite is connected to by nothing but a path")
    return make_url(template.url).set(database="postgres")


async def _by_engine(url: str, limits: PoolLimits | None = None) -> Any:
    engine = create_engine(url, limits)
    try:
        async with engine.connect() as connection:
            return (await connection.execute(text(_ASK))).scalar_one()
    finally:
        await engine.dispose()


async def _by_engine_of_requests(url: str) -> Any:
    return await _by_engine(url, PoolLimits(1, 5, 5))


async def _through_pgbouncer(url: str) -> Any:
    return await _by_engine(url, PoolLimits(1, 5, 5, behind_pgbouncer=True))


async def _by_read_pool(url: str) -> Any:
    pool = open_read_pool(url, PoolLimits(1, 5, 5))
    opened = await pool._open()  # type: ignore[attr-defined]
    try:
        async with opened.acquire() as connection:
            return await connection.fetchval(_ASK)
    finally:
        await pool.close()


async def _by_listener(url: str) -> Any:
    listener = PostgresqlListener(make_url(url), InvalidationBus(), WakeUps())
    connection = await asyncpg.connect(**listener._arguments)
    try:
        return await connection.fetchval(_ASK)
    finally:
        await connection.close()


EVERYTHING = pytest.mark.parametrize(
    "ask", [_by_engine, _by_engine_of_requests, _through_pgbouncer, _by_read_pool, _by_listener]
)


@EVERYTHING
async def test_parameters_reach_the_server(server: URL, ask: Ask) -> None:
    parameters = "application_name=my%20blog&options=-c%20geqo%3Doff&connect_timeout=10&target_session_attrs=primary"
    plain = server.render_as_string(hide_password=False)

    assert (
        await ask(usable_database_url(f"{plain}?{parameters}&sslmode=prefer&channel_binding=prefer")) == "my blog,off"
    )


@EVERYTHING
async def test_of_several_hosts_the_one_that_answers_is_taken(server: URL, ask: Ask) -> None:
    nowhere = URL.create("postgres", server.username, server.password, database=server.database)
    hosts = f"host=127.0.0.1,{server.host}&port=1,{server.port or 5432}"

    assert await ask(usable_database_url(f"{nowhere.render_as_string(hide_password=False)}?{hosts}")) == ",on"


@EVERYTHING
async def test_a_socket_is_a_host(server: URL, ask: Ask) -> None:
    folder = Path("/var/run/postgresql")
    if not (folder / f".s.PGSQL.{server.port or 5432}").exists():
        pytest.skip("the server has no socket there")
    query = f"host={folder}&port={server.port or 5432}&user={server.username}&application_name=here"

    try:
        found = await ask(usable_database_url(f"postgres:///postgres?{query}"))
    except asyncpg.InvalidAuthorizationSpecificationError:
        pytest.skip("the server lets nobody in there without a password")
    assert found == "here,on"


@EVERYTHING
@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ("sslmode=require", "rejected SSL upgrade"),
        ("sslmode=require&channel_binding=require", "rejected SSL upgrade"),
        ("sslrootcert=system", "rejected SSL upgrade"),
        ("target_session_attrs=standby", "None of the hosts match"),
    ],
)
async def test_what_the_server_cannot_give_is_an_error_of_connecting(
    server: URL, ask: Ask, parameters: str, reason: str
) -> None:
    url = usable_database_url(f"{server.render_as_string(hide_password=False)}?{parameters}")
    connection = await asyncpg.connect(**driver_arguments(server))
    has_tls = await connection.fetchval("SHOW ssl") == "on"
    await connection.close()
    if has_tls and "ssl" in parameters:
        pytest.skip("the server encrypts")

    with pytest.raises(CONNECTION_ERRORS, match=reason):
        await ask(url)


@pytest.mark.one_database
def test_the_limits_of_requests_stand_beside_what_the_url_says() -> None:
    url = usable_database_url("postgres://u:p%40@db/b?application_name=x&options=-c%20statement_timeout%3D9")

    arguments = driver_arguments(url, **connection_options(5, behind_pgbouncer=False))

    assert (arguments["host"], arguments["port"], arguments["password"]) == (["db"], [5432], "p@")
    assert arguments["server_settings"].items() >= {("application_name", "x"), ("statement_timeout", "5000")}
    assert driver_arguments(f"{url}&connect_timeout=9", timeout=3)["timeout"] == 9
    assert driver_arguments(url, timeout=3, statement_cache_size=0)["statement_cache_size"] == 0


def test_postgresqls_programs_are_told_the_same() -> None:
    url = "postgres://u:p%40@a:1,b:2/blog?sslmode=require&channel_binding=require&application_name=x&options=-c%20a%3Db"

    variables = postgresql_dumps._connection_of(usable_database_url(url))

    assert variables == {
        "PGHOST": "a,b",
        "PGPORT": "1,2",
        "PGUSER": "u",
        "PGPASSWORD": "p@",
        "PGDATABASE": "blog",
        "PGSSLMODE": "require",
        "PGCHANNELBINDING": "require",
        "PGAPPNAME": "x",
        "PGOPTIONS": "-c a=b",
        "PGCONNECT_TIMEOUT": "10",
    }
