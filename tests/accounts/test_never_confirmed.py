"""Accounts that nobody has ever confirmed are cleared away, and others stay."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.content.models import Article
from tests.support.jobs import run_chores
from tests.support.logins import PASSWORD, device_of
from tests.support.mails import mails_waiting, token_in
from tests.support.users import Users

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


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


async def test_any_number_of_them_may_clear_away_at_once(
    live_app: FastAPI, live_users: Users, traveller: time_machine.Traveller
) -> None:
    client = await live_users.client()
    for name in ("anna", "bert", "carl"):
        await register(client, name)
    traveller.shift(timedelta(days=40))

    await asyncio.gather(*(run_chores(live_app) for _ in range(3)))

    async with live_app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 0
        expired = select(func.count()).where(AuditEvent.action == "account.expired")
        assert await session.scalar(expired) == 3
