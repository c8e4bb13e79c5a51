"""Invitations: who makes them, what they look like, and who may take them back."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditEvent
from app.core.opaque_tokens import digest_of
from app.core.roles import Role
from tests.support.mails import mails_waiting
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users
from tests.support.writing import walk

ANNA = {"email": "anna@example.com", "username": "anna", "password": "four calm otters"}


@pytest.fixture
async def admin(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.ADMIN, username="ada")


@pytest.fixture
async def editor(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.EDITOR, username="edith")


async def invite(client: httpx.AsyncClient, **fields: Any) -> Any:
    response = await client.post("/invitations", json=fields)
    assert response.status_code == 201, response.text
    return response.json()


async def ids_of(client: httpx.AsyncClient) -> list[int]:
    return [invitation["id"] for invitation in await walk(client, "/invitations", limit=2)]


@pytest.mark.parametrize(
    ("inviter", "allowed"),
    [
        (Role.READER, []),
        (Role.AUTHOR, []),
        (Role.EDITOR, ["reader", "author"]),
        (Role.ADMIN, ["reader", "author", "editor", "admin"]),
    ],
)
async def test_nobody_gives_more_than_they_may(users: Users, inviter: Role, allowed: list[str]) -> None:
    client = await users.client(inviter)

    responses = {role: await client.post("/invitations", json={"role": role}) for role in Role}

    assert [role for role, response in responses.items() if response.status_code == 201] == allowed
    for response in responses.values():
        if response.status_code != 201:
            problem_in(response, 403, "forbidden")


async def test_without_an_address_the_answer_has_the_token(
    app: FastAPI, editor: httpx.AsyncClient, session: AsyncSession
) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False):
        client = await Users(app).client(Role.EDITOR, username="erik")
        invitation = await invite(client)
        await client.aclose()

    token = invitation["token"]
    assert token.startswith("cli_")
    assert {key: value for key, value in invitation.items() if key not in {"id", "token"}} == {
        "role": "reader",
        "email": None,
        "invited_by": "erik",
        "created_at": "2026-11-21T12:00:00Z",
        "expires_at": "2026-11-28T12:00:00Z",
        "used_at": None,
        "used_by": None,
    }
    (row,) = (await session.execute(text("SELECT * FROM invitations"))).mappings()
    assert row["digest"] == digest_of(token)
    assert token not in str(dict(row))
    assert token not in (await editor.get("/invitations")).text
    assert await mails_waiting(app) == []


async def test_with_an_address_the_link_is_mailed_and_nothing_else(app: FastAPI, editor: httpx.AsyncClient) -> None:
    invitation = await invite(editor, email="Anna@Example.com", role="author")

    assert (invitation["token"], invitation["email"]) == (None, "anna@example.com")
    (mail,) = await mails_waiting(app)
    assert mail.recipient == "anna@example.com"
    assert mail.subject == "Invitation to Colophon"
    for body in (mail.text, mail.html):
        assert "https://blog.example.com/register?invitation=cli_" in body
        assert "edith has invited you" in body
        assert "7 days" in body


async def test_the_mail_is_not_sent_to_one_address_again_and_again(editor: httpx.AsyncClient) -> None:
    for _ in range(5):
        await invite(editor, email="anna@example.com")

    refused = await editor.post("/invitations", json={"email": "anna@example.com"})

    problem_in(refused, 429, "too_many_requests")


@pytest.mark.parametrize(
    ("data", "wrong"), [({"role": "root"}, "role"), ({"email": "anna"}, "email"), ({"token": "cli_mine"}, "token")]
)
@pytest.mark.one_database
async def test_what_is_no_invitation(editor: httpx.AsyncClient, data: dict[str, str], wrong: str) -> None:
    refused = await editor.post("/invitations", json=data)

    assert fields_of(problem_in(refused, 422, "validation_error")) == [wrong]


async def test_editors_see_their_own_and_admins_all(
    users: Users, editor: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    own = [(await invite(editor))["id"] for _ in range(3)]
    admins = (await invite(admin))["id"]

    assert await ids_of(editor) == own[::-1]
    assert await ids_of(admin) == [admins, *own[::-1]]
    assert await ids_of(await users.client(Role.EDITOR)) == []


async def test_whoever_came_is_named_and_the_address_forgotten(
    app: FastAPI, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    await invite(editor, email="anna@example.com")
    (mail,) = await mails_waiting(app)
    token = mail.text.split("?invitation=")[1].split()[0]

    assert (await anonymous.post("/auth/register", json={**ANNA, "invitation": token})).status_code == 202

    ((invitation),) = (await editor.get("/invitations")).json()["items"]
    assert (invitation["used_by"], invitation["email"]) == ("anna", None)
    assert invitation["used_at"] is not None
    actions = set(await session.scalars(select(AuditEvent.action)))
    assert {"invitation.created", "invitation.used", "account.registered"} <= actions
    assert token not in str((await session.execute(text("SELECT * FROM audit_events"))).all())


async def test_nobody_takes_back_what_they_may_not_see(
    users: Users, editor: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    first, second = (await invite(editor))["id"], (await invite(editor))["id"]
    other = await users.client(Role.EDITOR)

    problem_in(await other.delete(f"/invitations/{first}"), 404, "invitation_not_found")
    problem_in(await (await users.client(Role.AUTHOR)).delete(f"/invitations/{first}"), 403, "forbidden")
    assert (await admin.delete(f"/invitations/{first}")).status_code == 204
    assert (await editor.delete(f"/invitations/{second}")).status_code == 204
    problem_in(await editor.delete(f"/invitations/{second}"), 404, "invitation_not_found")

    assert await ids_of(admin) == []


async def test_a_used_invitation_cannot_be_taken_back(editor: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    invitation = await invite(editor)
    await anonymous.post("/auth/register", json={**ANNA, "invitation": invitation["token"]})

    problem = problem_in(await editor.delete(f"/invitations/{invitation['id']}"), 404, "invitation_not_found")

    assert problem["detail"] == "This invitation has already been used."
    assert await ids_of(editor) == [invitation["id"]]


async def test_an_invitation_is_used_or_taken_back_but_not_both(live_users: Users) -> None:
    editor, anonymous = await live_users.client(Role.EDITOR), await live_users.client()
    invitation = await invite(editor)

    registered, *revoked = await asyncio.gather(
        anonymous.post("/auth/register", json={**ANNA, "invitation": invitation["token"]}),
        *(editor.delete(f"/invitations/{invitation['id']}") for _ in range(2)),
    )

    successes = Counter(response.status_code for response in (registered, *revoked))
    assert successes[202] + successes[204] == 1
    assert successes[403] + successes[404] == 2
