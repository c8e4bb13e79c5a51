"""What is announced about accounts."""

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.events import AccountConfirmed, AccountCreated, AccountDeleted
from app.accounts.jobs import KEEP_UNCONFIRMED
from app.container import Services
from app.content.events import ArticleDeleted, ArticleHandedOver
from app.core import clock
from app.core.client import COMMAND_LINE
from app.core.roles import Role
from app.unit_of_work import unit_of_work
from tests.support.events import listen
from tests.support.jobs import run_chores
from tests.support.logins import PASSWORD
from tests.support.mails import mails_waiting, token_in
from tests.support.users import Users
from tests.support.writing import write

REGISTRATION = {"email": "new@example.com", "username": "newcomer", "password": PASSWORD}


async def test_an_account_is_created_and_then_confirmed(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, anonymous: httpx.AsyncClient
) -> None:
    announced = listen(monkeypatch)

    assert (await anonymous.post("/auth/register", json=REGISTRATION)).status_code == 202
    (created,) = announced.take()
    token = token_in((await mails_waiting(app))[-1].text)
    for _ in range(2):
        await anonymous.post("/auth/verify", json={"token": token})

    assert isinstance(created, AccountCreated)
    assert created.by == created.user_id
    assert announced.take() == [AccountConfirmed(created.user_id, created.user_id)]


async def test_an_admin_confirms_an_account(monkeypatch: pytest.MonkeyPatch, users: Users) -> None:
    user = await users.user(email=None, pending_email="new@example.com", is_verified=False)
    by = await users.user(Role.ADMIN)
    admin = await users.client_for(by)
    announced = listen(monkeypatch)

    for _ in range(2):
        assert (await admin.patch(f"/users/{user.id}", json={"is_verified": True})).status_code == 200

    assert announced.take() == [AccountConfirmed(user.id, by.id)]


@pytest.mark.parametrize("articles", ["removed", "handed over", "kept"])
async def test_an_account_is_deleted(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, users: Users, articles: str
) -> None:
    user, successor, admin = [await users.user(role) for role in (Role.AUTHOR, Role.AUTHOR, Role.ADMIN)]
    written = await write(await users.client_for(user))
    announced = listen(monkeypatch)

    async with unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE) as unit:
        await Services(unit).accounts.admin_users.delete(
            user.id,
            admin,
            successor=successor.username if articles == "handed over" else None,
            remove_articles=articles == "removed",
        )

    with_it: dict[str, list[object]] = {
        "removed": [ArticleDeleted(written["id"], user.id, admin.id, with_account=True)],
        "handed over": [ArticleHandedOver(written["id"], successor.id, admin.id, user.id)],
        "kept": [],
    }
    assert announced.take() == [*with_it[articles], AccountDeleted(user.id, admin.id)]


async def test_an_account_that_was_never_confirmed_is_deleted(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, users: Users
) -> None:
    long_ago = clock.now() - 2 * KEEP_UNCONFIRMED
    user = await users.user(email=None, pending_email="new@example.com", is_verified=False, created_at=long_ago)
    announced = listen(monkeypatch)

    await run_chores(app)

    assert announced.take() == [AccountDeleted(user.id, None)]
