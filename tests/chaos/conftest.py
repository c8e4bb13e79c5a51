"""Servers that may be stopped, killed and frozen without harm to anybody else's."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.chaos import figures
from tests.chaos.blogs import BlogDatabase, fill, postgresql_copy, sqlite_copy
from tests.chaos.mail_server import MailServer
from tests.chaos.node import Starter
from tests.chaos.postgresql import PostgresqlCluster, binaries
from tests.chaos.redis import RedisServer

TEMPLATE = "filled"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table, and where CHAOS_REPORT names a file, there too."""
    if not figures.collected:
        return
    terminalreporter.write_line(f"\n{figures.markdown()}")
    if path := os.environ.get("CHAOS_REPORT"):
        Path(path).write_text(figures.markdown(), encoding="utf-8")


@pytest.fixture(scope="session", autouse=True)
def _linux() -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("processes are looked up in /proc")


def _missing(what: str, requirement: str) -> None:
    if os.environ.get(requirement):
        pytest.fail(what)
    pytest.skip(what)


def programs_of_postgresql() -> Path:
    """Skips, or fails, where there are none."""
    programs = binaries()
    if programs is None:
        _missing("initdb and postgres are not installed", "REQUIRE_POSTGRESQL")
    assert programs is not None
    return programs


@pytest.fixture(scope="session")
async def cluster() -> AsyncIterator[PostgresqlCluster]:
    """A PostgreSQL of our own. Who breaks it mends it."""
    cluster = PostgresqlCluster(programs_of_postgresql())
    try:
        cluster.create()
        await cluster.start()
        await cluster.execute(f'CREATE DATABASE "{TEMPLATE}"')
        await fill(f"postgresql+asyncpg://postgres@127.0.0.1:{cluster.port}/{TEMPLATE}")
        yield cluster
    finally:
        await cluster.remove()


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "blog.db"
    await fill(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> BlogDatabase:
    return sqlite_copy(sqlite_template, tmp_path / "database")


@pytest.fixture
async def postgresql_database(cluster: PostgresqlCluster) -> BlogDatabase:
    return await postgresql_copy(cluster, TEMPLATE)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> BlogDatabase:
    """Whatever needs it runs on both."""
    found: BlogDatabase = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
async def redis_server() -> AsyncIterator[RedisServer]:
    program = shutil.which("redis-server")
    if program is None:
        _missing("redis-server is not installed", "REQUIRE_REDIS")
        return
    server = RedisServer(program)
    await server.start()
    yield server
    server.remove()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    starter = Starter(tmp_path)
    yield starter
    starter.kill_all()
