"""What a domain that is yet to come gets by declaring its tables: nothing else has to know them."""

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import ForeignKey, MetaData, Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.accounts import personal_data
from app.accounts.exports.parts import JsonList, NotExported
from app.accounts.jobs import KEEP_UNCONFIRMED
from app.accounts.models import User
from app.accounts.personal_data import Credentials, register_authored, register_owned
from app.accounts.policies.actors import Principal
from app.core import clock
from app.core.roles import Role
from app.core.schemas.base import Output
from app.db.base import UtcDateTime
from tests.support.jobs import run_chores
from tests.support.logins import PASSWORD, with_password
from tests.support.mails import mails_waiting, token_in
from tests.support.users import Users

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Planted(DeclarativeBase):
    metadata = MetaData()


class ApiKey(Planted):
    __tablename__ = "planted_api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.__table__.c.id, ondelete="CASCADE"))
    name: Mapped[str]
    secret: Mapped[str] = mapped_column(default="the secret of a key")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class Essay(Planted):
    __tablename__ = "planted_essays"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(User.__table__.c.id, ondelete="RESTRICT"))


class ExportedKey(Output):
    name: str


def _keys(owner: Principal, after: int) -> Select[Any]:
    return select(ApiKey).where(ApiKey.user_id == owner.id, ApiKey.id > after).order_by(ApiKey.id)


class Decisions:
    """The disposition of essays, which notes what it is told to do."""

    taken: list[tuple[object, ...]]

    def __init__(self, _unit: object) -> None: ...

    async def remove(self, user: User, by: User | None) -> None:
        self.taken.append(("remove", user.username))

    async def hand_over(self, user: User, successor: User, by: User | None) -> None:
        self.taken.append(("hand over", user.username, successor.username, by and by.username))


@pytest.fixture(autouse=True)
async def planted(session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Two more tables, with what the hooks of their domain would declare."""
    monkeypatch.setattr(personal_data, "_declarations", personal_data.declarations())
    monkeypatch.setattr(Decisions, "taken", [], raising=False)
    register_owned(
        ApiKey.user_id,
        credentials=Credentials(lambda since: ApiKey.created_at > since),
        exported=JsonList("keys.json", "your API keys", _keys, lambda key, _: ExportedKey.model_validate(key)),
    )
    register_authored(Essay.author_id, disposition=Decisions, exported=NotExported("There is nothing in them."))
    await (await session.connection()).run_sync(Planted.metadata.create_all)
    await session.commit()
    with time_machine.travel(START, tick=False):
        yield


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna", role=Role.AUTHOR)


@pytest.fixture
async def client(users: Users, anna: User) -> httpx.AsyncClient:
    return await users.client_for(anna)


async def keys(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(ApiKey.name).order_by(ApiKey.id)))


async def give_keys(session: AsyncSession, *owners: User) -> None:
    session.add_all(ApiKey(user_id=owner.id, name=f"{owner.username}'s") for owner in owners)
    await session.commit()


async def test_it_is_exported_and_explained(
    users: Users, client: httpx.AsyncClient, anna: User, session: AsyncSession
) -> None:
    await give_keys(session, anna, await users.user(username="bert"), anna)

    response = await client.get("/users/me/export")

    with ZipFile(io.BytesIO(response.content)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert json.loads(texts["keys.json"]) == [{"name": "anna's"}] * 2
    assert "keys.json       your API keys\n" in texts["README.txt"]
    assert "the secret of a key" not in "".join(texts.values())


async def test_it_goes_with_the_account(users: Users, anna: User, session: AsyncSession) -> None:
    await give_keys(session, anna, await users.user(username="bert"))
    admin = await users.client(Role.ADMIN)

    assert (await admin.delete(f"/users/{anna.id}")).status_code == 204

    assert await keys(session) == ["bert's"]


async def test_credentials_made_since_end_with_an_undone_change(
    app: FastAPI, client: httpx.AsyncClient, users: Users, anna: User, session: AsyncSession
) -> None:
    session.add(ApiKey(user_id=anna.id, name="old", created_at=START - timedelta(days=8)))
    await give_keys(session, anna, await users.user(username="bert"))
    change = {"email": "new@example.com", "current_password": PASSWORD}
    assert (await client.put("/users/me/email", json=change)).status_code == 202
    (undo,) = [token_in(mail.text) for mail in await mails_waiting(app) if mail.recipient == anna.email]

    assert (await client.post("/auth/undo-email-change", json={"token": undo})).status_code == 204

    assert await keys(session) == ["old", "bert's"]


@pytest.mark.parametrize(
    ("wish", "decision"),
    [
        ({"articles": "remove"}, ("remove", "anna")),
        ({"articles": "hand_over", "successor": "bert"}, ("hand over", "anna", "bert", "anna")),
    ],
)
async def test_its_owner_decides_about_what_they_wrote(
    users: Users,
    client: httpx.AsyncClient,
    anna: User,
    session: AsyncSession,
    app: FastAPI,
    monkeypatch: pytest.MonkeyPatch,
    wish: dict[str, str],
    decision: tuple[str, ...],
) -> None:
    await users.user(Role.AUTHOR, username="bert")
    session.add(Essay(author_id=anna.id))
    await session.commit()
    monkeypatch.setattr(app.state.settings, "deletion_grace_days", 0)

    undecided = await client.request("DELETE", "/users/me", json={"current_password": PASSWORD})
    decided = await client.request("DELETE", "/users/me", json={"current_password": PASSWORD, **wish})

    assert (undecided.status_code, decided.status_code) == (409, 202), decided.text
    assert Decisions.taken == [decision]


async def test_whoever_wrote_in_it_has_used_the_account(app: FastAPI, users: Users, session: AsyncSession) -> None:
    opened: dict[str, Any] = {
        "email": None,
        "is_verified": False,
        "created_at": START - KEEP_UNCONFIRMED - timedelta(days=1),
    }
    writer, nobody = [
        await users.user(username=name, pending_email=f"{name}@example.com", **opened) for name in ("writer", "nobody")
    ]
    session.add(Essay(author_id=writer.id))
    await give_keys(session, writer, nobody)

    await run_chores(app)

    assert list(await session.scalars(select(User.username))) == ["writer"]
    assert await keys(session) == ["writer's"]
