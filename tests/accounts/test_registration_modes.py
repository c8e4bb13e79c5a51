"""Who may open an account: everybody, whoever is invited, or nobody; and with which addresses."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import EmailDomainNotAllowed
from app.accounts.models import Invitation, User
from app.accounts.policies.registration import require_allowed_domain
from app.core import clock
from app.core.email_addresses import canonical
from app.core.roles import Role
from tests.conftest import settings_for
from tests.support.logins import PASSWORD, with_password
from tests.support.mails import mails_waiting
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users

ANNA = {"email": "anna@example.com", "username": "anna", "password": PASSWORD}


@pytest.fixture
async def admin(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.ADMIN)


@pytest.fixture
def invitation_only(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.state.settings, "registration", "invitation")


async def invited(client: httpx.AsyncClient, role: str = "reader") -> str:
    """The token of a new invitation."""
    response = await client.post("/invitations", json={"role": role})
    assert response.status_code == 201, response.text
    token: str = response.json()["token"]
    return token


async def register(client: httpx.AsyncClient, token: str | None = None, **fields: Any) -> httpx.Response:
    return await client.post("/auth/register", json={**ANNA, "invitation": token, **fields})


async def role_of(session: AsyncSession, username: str = "anna") -> Role | None:
    role: Role | None = await session.scalar(select(User.role).where(User.username == username))
    return role


# --- Modes -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("invitation_only")
async def test_by_invitation_nobody_else_registers(anonymous: httpx.AsyncClient, session: AsyncSession) -> None:
    for token in (None, "", "cli_", "cli_" + "x" * 43, "ü" * 40):
        problem = problem_in(await register(anonymous, token), 403, "invalid_invitation")
        assert fields_of(problem) == ["invitation"]

    assert await role_of(session) is None


@pytest.mark.usefixtures("invitation_only")
@pytest.mark.parametrize("role", Role)
async def test_the_invitation_says_which_role(
    admin: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession, role: Role
) -> None:
    response = await register(anonymous, await invited(admin, role))

    assert (response.status_code, response.json()) == (202, {})
    assert await role_of(session) is role


@pytest.mark.usefixtures("invitation_only")
async def test_the_address_has_to_be_confirmed_all_the_same(
    app: FastAPI, users: Users, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    assert users.app is app
    await admin.post("/invitations", json={"role": "author", "email": "anna@example.com"})
    (mail,) = await mails_waiting(app)
    token = mail.text.split("?invitation=")[1].split()[0]

    assert (await register(anonymous, token)).status_code == 202

    assert await session.scalar(select(User.is_verified).where(User.username == "anna")) is False
    assert "verify?token=" in (await mails_waiting(app))[-1].text


async def test_where_registration_is_open_an_invitation_is_worth_its_role(
    admin: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    assert (await register(anonymous, await invited(admin, "author"))).status_code == 202
    assert await role_of(session) is Role.AUTHOR

    refused = await register(anonymous, "cli_wrong", username="bert", email="bert@example.com")

    problem_in(refused, 403, "invalid_invitation")


async def test_closed_is_closed_to_the_invited_as_well(
    app: FastAPI, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await invited(admin)
    monkeypatch.setattr(app.state.settings, "registration", "closed")

    problem_in(await register(anonymous), 403, "registration_closed")
    problem_in(await register(anonymous, token), 403, "registration_closed")
    problem_in(await admin.post("/invitations", json={}), 403, "registration_closed")

    assert await mails_waiting(app) == []


# --- Using an invitation ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("invitation_only")
async def test_an_invitation_works_once(admin: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    token = await invited(admin)
    assert (await register(anonymous, token)).status_code == 202

    again = await register(anonymous, token, username="bert", email="bert@example.com")

    problem_in(again, 403, "invalid_invitation")


async def test_of_many_who_use_an_invitation_at_once_one_gets_in(live_app: FastAPI, live_users: Users) -> None:
    token = await invited(await live_users.client(Role.ADMIN), "author")
    anonymous = await live_users.client()

    responses = await asyncio.gather(
        *(register(anonymous, token, username=f"anna{n}", email=f"anna{n}@example.com") for n in range(6))
    )

    assert Counter(response.status_code for response in responses) == {202: 1, 403: 5}
    async with live_app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).where(User.role == Role.AUTHOR)) == 1


@pytest.mark.usefixtures("invitation_only")
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"password": "password123"}, 422),
        ({"username": "taken"}, 409),
        ({"email": "anna@spam.example"}, 403),
        ({"username": "x"}, 422),
    ],
)
async def test_a_registration_that_fails_leaves_the_invitation(
    app: FastAPI,
    users: Users,
    admin: httpx.AsyncClient,
    anonymous: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, str],
    status: int,
) -> None:
    monkeypatch.setattr(app.state.settings, "blocked_email_domains", ["spam.example"])
    await users.user(username="taken")
    token = await invited(admin)

    assert (await register(anonymous, token, **wrong)).status_code == status

    assert (await register(anonymous, token)).status_code == 202


@pytest.mark.usefixtures("invitation_only")
async def test_an_invitation_expires(admin: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    token, late = await invited(admin), await invited(admin)
    now = clock.now()

    with time_machine.travel(now + timedelta(days=7, seconds=-10), tick=False):
        assert (await register(anonymous, token)).status_code == 202
    with time_machine.travel(now + timedelta(days=7, seconds=10), tick=False):
        refused = await register(anonymous, late, username="bert", email="bert@example.com")

    problem_in(refused, 403, "invalid_invitation")


@pytest.mark.usefixtures("invitation_only")
async def test_a_revoked_invitation_is_worthless(admin: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    invitation = (await admin.post("/invitations", json={})).json()

    assert (await admin.delete(f"/invitations/{invitation['id']}")).status_code == 204

    problem_in(await register(anonymous, invitation["token"]), 403, "invalid_invitation")


@pytest.mark.usefixtures("invitation_only")
@pytest.mark.parametrize(
    ("inviter", "invited_as", "change", "is_good"),
    [
        (Role.EDITOR, "author", {"is_active": False}, False),
        (Role.EDITOR, "author", {"role": "author"}, False),
        (Role.ADMIN, "editor", {"role": "editor"}, False),
        (Role.ADMIN, "admin", {"role": "reader"}, False),
        (Role.ADMIN, "author", {"role": "editor"}, True),
        (Role.EDITOR, "reader", {"role": "admin"}, True),
    ],
)
async def test_an_invitation_is_worth_what_its_inviter_could_give_now(
    users: Users,
    admin: httpx.AsyncClient,
    anonymous: httpx.AsyncClient,
    inviter: Role,
    invited_as: str,
    change: dict[str, Any],
    is_good: bool,
) -> None:
    bert = await users.user(inviter)
    token = await invited(await users.client_for(bert), invited_as)

    assert (await admin.patch(f"/users/{bert.id}", json=change)).status_code == 200

    assert (await register(anonymous, token)).status_code == (202 if is_good else 403)


@pytest.mark.usefixtures("invitation_only")
async def test_an_invitation_goes_with_the_account_of_its_inviter(
    users: Users, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    bert = await users.user(Role.EDITOR)
    token = await invited(await users.client_for(bert))

    assert (await admin.delete(f"/users/{bert.id}")).status_code == 204

    problem_in(await register(anonymous, token), 403, "invalid_invitation")


@pytest.mark.usefixtures("invitation_only")
async def test_an_address_that_is_taken_uses_the_invitation_up_like_any_other(
    app: FastAPI, users: Users, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    await users.user(email="anna@example.com")

    response = await register(anonymous, await invited(admin))

    assert (response.status_code, response.json()) == (202, {})
    assert "tried to register another account" in (await mails_waiting(app))[-1].text
    assert await session.scalar(select(func.count()).where(Invitation.used_at.is_not(None))) == 1


# --- Domains ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "allowed", "blocked", "is_allowed"),
    [
        ("a@example.com", [], [], True),
        ("a@example.com", ["example.com"], [], True),
        ("a@mail.example.com", ["example.com"], [], True),
        ("a@badexample.com", ["example.com"], [], False),
        ("a@example.com.evil.net", ["example.com"], [], False),
        ("a@example.org", ["example.com"], [], False),
        ("a@example.com", [], ["example.com"], False),
        ("a@mail.example.com", [], ["example.com"], False),
        ("a@example.com", ["example.com"], ["example.com"], False),
        ("a@spam.example.com", ["example.com"], ["spam.example.com"], False),
        ("a@example.com", ["example.com"], ["spam.example.com"], True),
        ("a@spam.example.com", ["spam.example.com"], ["example.com"], False),
        ("a@EXAMPLE.com", [], ["example.com"], False),
        ("a@münchen.de", ["xn--mnchen-3ya.de"], [], True),
        ("a@münchen.de", [], ["xn--mnchen-3ya.de"], False),
        ("a@münchen.de", [], ["münchen.de"], False),
        ("a@mail.example.com", [], ["*.example.com"], False),
        ("a@example.com", [], [".example.com."], False),
        ("a@mail.test", [], ["test"], False),
    ],
)
def test_a_domain_stands_for_its_subdomains_and_being_blocked_wins(
    email: str, allowed: list[str], blocked: list[str], is_allowed: bool
) -> None:
    domains = {"allowed_email_domains": allowed, "blocked_email_domains": blocked}
    try:
        require_allowed_domain(canonical(email), settings_for("sqlite://", Path("var"), **domains))
    except EmailDomainNotAllowed:
        assert not is_allowed
    else:
        assert is_allowed


@pytest.mark.parametrize("name", ["blocked_email_domains", "allowed_email_domains"])
async def test_nobody_registers_with_an_address_that_is_not_accepted(
    app: FastAPI, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    domains = ["spam.example"] if name.startswith("blocked") else ["example.com"]
    monkeypatch.setattr(app.state.settings, name, domains)

    refused = await register(anonymous, email="anna@mail.spam.example")

    assert fields_of(problem_in(refused, 403, "email_domain_not_allowed")) == ["email"]
    assert (await register(anonymous)).status_code == 202
    assert [mail.recipient for mail in await mails_waiting(app)] == ["anna@example.com"]


async def test_nobody_changes_to_an_address_that_is_not_accepted(
    app: FastAPI, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.settings, "blocked_email_domains", ["spam.example"])
    client = await users.client_for(await with_password(users))

    refused = await client.put("/users/me/email", json={"email": "a@spam.example", "current_password": PASSWORD})

    assert fields_of(problem_in(refused, 403, "email_domain_not_allowed")) == ["email"]
    assert (await client.get("/users/me")).json()["pending_email"] is None
    assert await mails_waiting(app) == []


async def test_nobody_is_invited_to_an_address_that_is_not_accepted(
    app: FastAPI, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.settings, "allowed_email_domains", ["example.com"])

    refused = await admin.post("/invitations", json={"email": "anna@example.org"})

    problem_in(refused, 403, "email_domain_not_allowed")
    assert (await admin.get("/invitations")).json()["items"] == []
    assert await mails_waiting(app) == []
