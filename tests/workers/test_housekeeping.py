"""What is cleared away from time to time, and what stays."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from app.workers import housekeeping
from app.workers.housekeeping import Housekeeper
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Invitation, LoginSession, PasskeyChallenge, RefreshToken, User
from app.audit.models import AuditEvent
from app.content.models import Article
from app.core.roles import Role
from tests.support.logins import PASSWORD, device_of, with_password
from tests.support.mails import mails_waiting, token_in
from tests.support.statements import recorded_statements
from tests.support.users import Users

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


async def run_chores(app: FastAPI) -> None:
    await Housekeeper(app.state.database, app.state.process).run_chores()


async def number_of(session: AsyncSession, table: type) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_expired_sessions_go_with_their_tokens(
    app: FastAPI, users: Users, session: AsyncSession, traveller: time_machine.Traveller
) -> None:
    await with_password(users, username="anna")
    await device_of(users, "anna")
    traveller.shift(SECOND)
    await device_of(users, "anna")

    traveller.shift(timedelta(days=30) - 2 * SECOND)
    await run_chores(app)
    assert await number_of(session, LoginSession) == 2
    traveller.shift(SECOND)
    await run_chores(app)

    assert await number_of(session, LoginSession) == 1
    assert await number_of(session, RefreshToken) == 1


async def test_expired_challenges_and_invitations_go(
    app: FastAPI, users: Users, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In several batches.
    monkeypatch.setattr(housekeeping, "_BATCH", 2)
    admin = await users.user(Role.ADMIN)
    for number, age in enumerate([*[timedelta(days=30)] * 5, timedelta(days=29), timedelta(0), -SECOND]):
        expires_at = START - age
        session.add(PasskeyChallenge(challenge=bytes([number]), expires_at=expires_at))
        session.add(Invitation(digest=str(number), role=Role.READER, invited_by_id=admin.id, expires_at=expires_at))
    await session.commit()

    await run_chores(app)

    assert list(await session.scalars(select(PasskeyChallenge.challenge))) == [bytes([7])]
    assert set(await session.scalars(select(Invitation.digest))) == {"5", "6", "7"}


async def register(client: httpx.AsyncClient, name: str) -> None:
    data = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    response = await client.post("/auth/register", json=data)
    assert response.status_code == 202, response.text


async def test_accounts_that_were_never_confirmed_go_after_a_week(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, traveller: time_machine.Traveller, session: AsyncSession
) -> None:
    await register(anonymous, "anna")
    traveller.shift(SECOND)
    await register(anonymous, "bert")
    await register(anonymous, "carl")
    highest = await session.scalar(select(func.max(User.id)))
    await device_of(users, "carl")

    traveller.shift(timedelta(days=7) - SECOND)
    await run_chores(app)

    assert list(await session.scalars(select(User.username).order_by(User.id))) == ["bert", "carl"]
    assert [mail.recipient for mail in await mails_waiting(app)] == ["bert@example.com", "carl@example.com"]
    assert await session.scalar(select(AuditEvent.action).order_by(AuditEvent.id.desc()).limit(1)) == "account.expired"
    traveller.shift(SECOND)
    await run_chores(app)
    await register(anonymous, "anna")
    assert await session.scalar(select(User.id).where(User.username == "anna")) == (highest or 0) + 1


async def test_who_has_confirmed_or_written_stays(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, traveller: time_machine.Traveller, session: AsyncSession
) -> None:
    await register(anonymous, "anna")
    token = token_in((await mails_waiting(app))[-1].text)
    assert (await anonymous.post("/auth/verify", json={"token": token})).status_code == 200
    writer = await users.user(username="bert", email=None, pending_email="b@example.com", is_verified=False)
    unclaimed = await users.user(username="carl", is_verified=False)
    changing = await users.user(username="dora", pending_email="d@example.com")
    article = Article(slug="a", title="A", author_id=writer.id, body_html="", body_markdown="")
    article.derived_excerpt, article.word_count, article.reading_minutes = "", 0, 0
    session.add(article)
    await session.commit()

    traveller.shift(timedelta(days=8))
    await run_chores(app)

    stayed = set(await session.scalars(select(User.username)))
    assert stayed == {"anna", writer.username, unclaimed.username, changing.username}


async def test_with_nothing_to_do_nothing_is_written(app: FastAPI, users: Users) -> None:
    await users.client(Role.READER)

    with recorded_statements(app.state.database) as statements:
        await run_chores(app)

    assert len(statements) == 7
    assert all(statement.startswith("SELECT") and "FOR UPDATE" not in statement for statement in statements)


async def test_one_chore_that_fails_keeps_no_other_from_being_done(
    app: FastAPI,
    session: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    session.add(PasskeyChallenge(challenge=b"c", expires_at=START))
    await session.commit()

    async def fail(*_: object) -> None:
        raise RuntimeError("no luck")

    monkeypatch.setattr(Housekeeper, "_clear_sessions", fail)
    await run_chores(app)

    assert await number_of(session, PasskeyChallenge) == 0
    (record,) = caplog.records
    assert "no luck" in record.getMessage()


async def test_any_number_of_them_may_clear_away_at_once(
    live_app: FastAPI, live_users: Users, traveller: time_machine.Traveller
) -> None:
    client = await live_users.client()
    for name in ("anna", "bert", "carl"):
        await register(client, name)
    traveller.shift(timedelta(days=40))

    await asyncio.gather(*(run_chores(live_app) for _ in range(3)))

    async with live_app.state.database.reading() as session:
        assert await number_of(session, User) == 0
        expired = select(func.count()).where(AuditEvent.action == "account.expired")
        assert await session.scalar(expired) == 3


async def test_it_stops_when_it_is_told_to(live_app: FastAPI) -> None:
    stopping = asyncio.Event()
    running = asyncio.create_task(Housekeeper(live_app.state.database, live_app.state.process).run(stopping))
    stopping.set()

    await asyncio.wait_for(running, 20)

    assert running.done()
