"""Two servers over one PostgreSQL and one Redis behave as one."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from app.accounts.models import AccountDeletion, ArticleDisposition, User
from app.core import clock
from app.core.roles import Role
from app.db.session import open_database
from tests.chaos.blogs import PASSWORD, BlogDatabase
from tests.chaos.load import API
from tests.chaos.mail_server import MailServer
from tests.chaos.node import Starter
from tests.chaos.redis import RedisServer
from tests.chaos.scenario import scenario

pytestmark = pytest.mark.chaos
LEAVING = 5
# How often `app.accounts.limits` allows one address to show tokens, in a minute.
ALLOWED = 60


@pytest.fixture
async def pair(
    postgresql_database: BlogDatabase, redis_server: RedisServer, mail_server: MailServer, start: Starter
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Clients of two servers that have been started at the same time, on a database with accounts to be deleted."""
    await _make_leaving_accounts(postgresql_database)
    mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mail_server.port), "MAIL_SECURITY": "none"}
    settings = {"REDIS_URL": redis_server.url, "RATE_LIMITS": "true", **mail}
    first, second = await asyncio.gather(*(start(postgresql_database.url, settings) for _ in range(2)))
    async with (
        httpx.AsyncClient(base_url=first.url + API, timeout=15) as one,
        httpx.AsyncClient(base_url=second.url + API, timeout=15) as other,
    ):
        yield one, other


async def _make_leaving_accounts(database: BlogDatabase) -> None:
    opened = open_database(database.url)
    async with opened.writing() as session:
        for number in range(LEAVING):
            name = f"leaving{number}"
            values = {"email": f"{name}@example.com", "username": name, "display_name": name, "role": Role.READER}
            user = User(**values, hashed_password="", is_verified=True)
            session.add(user)
            await session.flush()
            due_at = clock.now() - timedelta(minutes=1)
            session.add(AccountDeletion(user_id=user.id, articles=ArticleDisposition.REMOVE, due_at=due_at))
        await session.commit()
    await opened.dispose()


async def test_two_servers_are_one(
    pair: tuple[httpx.AsyncClient, httpx.AsyncClient], postgresql_database: BlogDatabase, mail_server: MailServer
) -> None:
    one, other = pair
    await _sessions_are_shared(one, other)
    await _limits_are_shared(one, other)
    await _mails_leave_once(one, other, mail_server)
    await _accounts_are_deleted_once(postgresql_database)


async def _sessions_are_shared(one: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    login = await one.post("/auth/login", data={"username": "rita", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    for client in (other, one):
        assert (await client.get("/users/me", headers=headers)).status_code == 200

    assert (await other.post("/auth/logout", headers=headers)).status_code == 204

    for client in (one, other):
        assert (await client.get("/users/me", headers=headers)).status_code == 401
    refreshed = await one.post("/auth/refresh", json={"refresh_token": login.json()["refresh_token"]})
    assert refreshed.status_code == 401


async def _limits_are_shared(one: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    statuses = []
    for number in range(ALLOWED + 4):
        client = (one, other)[number % 2]
        headers = {"X-Forwarded-For": "10.9.0.1"}
        response = await client.post("/auth/refresh", json={"refresh_token": "nonsense"}, headers=headers)
        statuses.append(response.status_code)

    assert statuses == [401] * ALLOWED + [429] * 4


async def _mails_leave_once(one: httpx.AsyncClient, other: httpx.AsyncClient, mail_server: MailServer) -> None:
    users = [f"person{number}" for number in range(8)]
    for number, name in enumerate(users):
        person = {"email": f"{name}@example.com", "username": name, "password": "a kettle of blue ink"}
        assert (await (one, other)[number % 2].post("/auth/register", json=person)).status_code == 202
    deadline = time.monotonic() + 10
    while len(mail_server.taken) < len(users):
        assert time.monotonic() < deadline, mail_server.taken
        await asyncio.sleep(0.05)
    # Had the other one sent them too, it would have by now.
    await asyncio.sleep(1.2)

    assert {recipient for recipient, _ in mail_server.taken} == {f"{name}@example.com" for name in users}
    assert set(mail_server.taken.values()) == {1}


async def _accounts_are_deleted_once(database: BlogDatabase) -> None:
    events = "SELECT subject_id, count(*) FROM audit_events WHERE action = 'account.deleted' GROUP BY subject_id"
    deadline = time.monotonic() + 10
    while len(await database.fetch(events)) < LEAVING:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)

    assert [row[1] for row in await database.fetch(events)] == [1] * LEAVING
    assert await database.fetch("SELECT user_id FROM account_deletions") == []


async def test_one_goes_on_when_the_other_is_killed(
    postgresql_database: BlogDatabase, redis_server: RedisServer, start: Starter
) -> None:
    settings = {"REDIS_URL": redis_server.url}
    first, second = await asyncio.gather(*(start(postgresql_database.url, settings) for _ in range(2)))

    async with scenario("Two servers, one of them kill -9", postgresql_database, second, first) as running:
        running.begins()
        first.kill()
        await running.goes_on(1)
        failing = {response.who for response in running.load.responses if response.is_failure}
        await first.start()
        running.is_over()
        await running.recovers(within=2)
    await running.judge()

    # Every other of them asks the one that is gone.
    assert failing
    assert {int(who.split()[1]) % 2 for who in failing} == {1}
