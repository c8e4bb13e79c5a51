"""What has expired is cleared away."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Invitation, LoginSession, PasskeyChallenge, RefreshToken
from app.core.roles import Role
from app.db import clearing
from tests.support.jobs import run_chores
from tests.support.logins import device_of, with_password
from tests.support.users import Users

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


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
    monkeypatch.setattr(clearing, "_BATCH", 2)
    admin = await users.user(Role.ADMIN)
    for number, age in enumerate([*[timedelta(days=30)] * 5, timedelta(days=29), timedelta(0), -SECOND]):
        expires_at = START - age
        session.add(PasskeyChallenge(challenge=bytes([number]), expires_at=expires_at))
        session.add(Invitation(digest=str(number), role=Role.READER, invited_by_id=admin.id, expires_at=expires_at))
    await session.commit()

    await run_chores(app)

    assert list(await session.scalars(select(PasskeyChallenge.challenge))) == [bytes([7])]
    assert set(await session.scalars(select(Invitation.digest))) == {"5", "6", "7"}
