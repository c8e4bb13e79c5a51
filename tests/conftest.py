"""The fixtures of all tests: an app on each of the two databases, and users of it.

Most tests use `app` and the clients made by `users`: everything such a test stores is undone afterwards. Tests of
concurrent transactions use `live_app`, with a database of its own and real connections.
"""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core import password_hasher
from app.core.config import Settings
from app.core.password_hasher import PasswordHasher
from app.core.rate_limiter import RateLimiter
from app.core.roles import Role
from app.db.session import Database, create_engine, open_database
from app.main import create_app
from tests.support.databases import Template, postgresql_template, sqlite_template, undone_database
from tests.support.documented_errors import DocumentedErrors
from tests.support.log_watch import LOGGERS, LogWatch
from tests.support.users import Users


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the markers of each test's folder, and run tests that use no database only once."""
    twice = []
    for item in items:
        if Path(__file__).with_name("process") in item.path.parents:
            item.add_marker("process")
        parameters = getattr(item, "callspec", None)
        on_postgresql = parameters is not None and parameters.params.get("template") == "postgresql"
        if on_postgresql and item.get_closest_marker("one_database"):
            twice.append(item)
    if twice:
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in twice]


def pytest_collection_finish() -> None:
    """Keep Python from searching what lives to the end for garbage again and again, a sixth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


SECRET = "a secret of the tests that is long enough to sign with"


# The cheapest there is: hashing a password properly takes longer than any test.
CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Also for the commands, which create their own hasher."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(password_hasher, "Argon2Hasher", lambda: CHEAP)
        yield


@pytest.fixture(scope="session", autouse=True)
def log_watch() -> Iterator[LogWatch]:
    """Check that nothing that tests make the app log contains a secret or an email address."""
    watch = LogWatch()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(watch)
    yield watch
    for logger in loggers:
        logger.removeHandler(watch)
    assert watch.found == []


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop that the server runs on."""
    return "asyncio", {"use_uvloop": sys.platform != "win32"}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Template]:
    """A migrated database; tests that need it run on SQLite and on PostgreSQL."""
    opened: AbstractAsyncContextManager[Template] = (
        sqlite_template(tmp_path_factory.mktemp("sqlite")) if request.param == "sqlite" else postgresql_template()
    )
    async with opened as template:
        yield template


@pytest.fixture(scope="session")
def settings(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(template.url, tmp_path_factory.mktemp("var"))


def settings_for(database_url: str, var_dir: Path, **changes: Any) -> Settings:
    """Settings independent of the developer's machine."""
    return Settings(
        _env_file=None,
        database_url=database_url,
        var_dir=var_dir,
        access_secret_key=SECRET,
        reset_password_secret_key=SECRET,
        verification_secret_key=SECRET,
        frontend_url="https://blog.example.com",
        cors_origins=["https://blog.example.com"],
        **{"backup_keep": 0, **changes},
    )


class AlwaysCurrent:
    """For an app whose database no one else changes."""

    def is_current(self) -> bool:
        return True

    async def run(self, stopping: asyncio.Event) -> None:
        await stopping.wait()


def _app_with(settings: Settings) -> FastAPI:
    app = create_app(settings)
    app.state.process.passwords = PasswordHasher(CHEAP)
    app.state.response_cache.app = DocumentedErrors(app)
    return app


@pytest.fixture(scope="session")
def shared_app(settings: Settings) -> FastAPI:
    return _app_with(settings)


@pytest.fixture(scope="session")
async def engine(template: Template) -> AsyncIterator[AsyncEngine]:
    """One engine for all tests: it keeps its connection and caches compiled statements.

    It has a database of its own, as PostgreSQL cannot copy one that has connections.
    """
    async with template.copy() as url:
        engine = create_engine(url)
        yield engine
        await engine.dispose()


@pytest.fixture
async def database(engine: AsyncEngine) -> AsyncIterator[Database]:
    async with undone_database(engine) as database:
        yield database


@pytest.fixture
def app(shared_app: FastAPI, database: Database) -> FastAPI:
    """The app on a database that is empty for every test and left unchanged."""
    shared_app.state.database = database
    shared_app.state.response_cache.follow(database.invalidations, AlwaysCurrent())
    shared_app.state.process.limiter = RateLimiter(None)
    return shared_app


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """For inspecting what is stored, and for storing what no client could."""
    async with database.writing() as session:
        yield session


@pytest.fixture
async def users(app: FastAPI) -> AsyncIterator[Users]:
    users = Users(app)
    yield users
    for client in users.clients:
        await client.aclose()


@pytest.fixture
async def anonymous(users: Users) -> httpx.AsyncClient:
    """A client that is not logged in."""
    return await users.client()


@pytest.fixture
async def reader(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.READER)


@pytest.fixture
async def author(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.AUTHOR)


@pytest.fixture
async def editor(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.EDITOR)


@pytest.fixture
async def live_app(template: Template, tmp_path: Path) -> AsyncIterator[FastAPI]:
    """An app with a database of its own, for requests that are really concurrent.

    It caches no responses, as it would not receive invalidations for what commands and tests change in the database.
    """
    async with template.copy() as url:
        app = _app_with(settings_for(url, tmp_path, rate_limits=False))
        app.state.database = open_database(url)
        yield app
        await app.state.database.dispose()


@pytest.fixture
async def live_users(live_app: FastAPI) -> AsyncIterator[Users]:
    users = Users(live_app)
    yield users
    for client in users.clients:
        await client.aclose()
