"""Accounts elsewhere that are linked to one's own: added, looked at and removed, and never the owner locked out."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.identities.identity import Identity
from app.accounts.identities.providers import IdentityProviders
from app.accounts.models import Passkey, ProviderAccount, User
from app.audit.models import AuditEvent
from app.core import clock
from app.core.roles import Role
from tests.support.logins import PASSWORD, device_of, log_in, with_password
from tests.support.mails import mails_waiting
from tests.support.oidc import LocalProvider
from tests.support.problems import fields_of, problem_in
from tests.support.signing_in import finish, link, offered_by, returned, returned_to_link, sign_in
from tests.support.users import Users

BEGIN = "/users/me/providers/oidc/authorizations"


@pytest.fixture
def elsewhere(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProvider]:
    with offered_by(app, monkeypatch) as provider:
        yield provider


@pytest.fixture
async def anna(users: Users) -> User:
    """She has no password."""
    return await users.user(username="anna")


@pytest.fixture
async def client(users: Users, anna: User) -> httpx.AsyncClient:
    return await users.client_for(anna)


async def link_to(client: httpx.AsyncClient, elsewhere: LocalProvider, provider: str = "oidc") -> httpx.Response:
    return await link(client, await returned_to_link(client, elsewhere, provider), provider)


async def unlink(client: httpx.AsyncClient, provider: str = "oidc", **body: str) -> httpx.Response:
    return await client.request("DELETE", f"/users/me/providers/{provider}", json=body)


async def linked(client: httpx.AsyncClient) -> list[str]:
    response = await client.get("/users/me/providers")
    assert response.status_code == 200, response.text
    return [account["provider"] for account in response.json()]


async def stored_links(session: AsyncSession) -> list[tuple[int, str]]:
    found = await session.scalars(select(ProviderAccount).order_by(ProviderAccount.id))
    return [(account.user_id, account.provider) for account in found]


def a_passkey(user: User) -> Passkey:
    return Passkey(
        user_id=user.id,
        credential_id=b"c",
        public_key=b"k",
        sign_count=0,
        transports="",
        is_backed_up=False,
        name="Key",
    )


# --- Linking ---------------------------------------------------------------------------------------------------


async def test_what_is_linked_logs_in_whatever_its_address(
    app: FastAPI, elsewhere: LocalProvider, users: Users, client: httpx.AsyncClient, session: AsyncSession, anna: User
) -> None:
    elsewhere.person.email, elsewhere.person.email_verified = "anna@work.example.com", False

    response = await link_to(client, elsewhere)

    assert response.status_code == 201, response.text
    account: dict[str, Any] = response.json()
    assert (account["provider"], account["email"]) == ("oidc", "anna@work.example.com")
    assert (await client.get("/users/me/providers")).json() == [account]
    assert (await sign_in(await users.client(), elsewhere)).status_code == 200
    (mail,) = await mails_waiting(app)
    assert (mail.recipient, "You can now sign in with oidc" in mail.text) == (anna.email, True)
    events = (await session.scalars(select(AuditEvent).order_by(AuditEvent.id))).all()
    assert [(event.action, event.actor_id) for event in events] == [
        ("provider.linked", anna.id),
        ("login.succeeded", anna.id),
    ]
    assert events[1].details == {"methods": ["oidc"]}


async def test_everybody_sees_their_own_only(elsewhere: LocalProvider, users: Users, client: httpx.AsyncClient) -> None:
    await link_to(client, elsewhere)
    elsewhere.person.subject = "2"
    await link_to(client, elsewhere, "github")

    assert await linked(client) == ["github", "oidc"]
    assert await linked(await users.client(Role.ADMIN)) == []


async def test_linking_takes_the_password(elsewhere: LocalProvider, users: Users, session: AsyncSession) -> None:
    bert = await with_password(users, username="bert")
    client = await users.client_for(bert)

    for body in ({}, {"current_password": "not the password"}):
        assert fields_of(problem_in(await client.post(BEGIN, json=body), 403, "wrong_password")) == ["current_password"]
    response = await link(client, await returned_to_link(client, elsewhere, password=PASSWORD))

    assert response.status_code == 201, response.text
    assert await stored_links(session) == [(bert.id, "oidc")]


async def test_without_a_password_linking_takes_a_recent_login(
    elsewhere: LocalProvider, client: httpx.AsyncClient
) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        problem_in(await client.post(BEGIN, json={}), 403, "recent_login_required")
    assert elsewhere.requests == []


async def test_an_unknown_provider_is_not_there(elsewhere: LocalProvider, client: httpx.AsyncClient) -> None:
    response = await returned_to_link(client, elsewhere)

    problem_in(await client.post("/users/me/providers/google/authorizations", json={}), 404, "unknown_provider")
    problem_in(await link(client, response, "google"), 404, "unknown_provider")


async def test_a_flow_is_for_the_account_the_session_the_purpose_and_the_provider_that_it_was_begun_for(
    elsewhere: LocalProvider, users: Users, client: httpx.AsyncClient, session: AsyncSession, anna: User
) -> None:
    response = await returned_to_link(client, elsewhere)
    other_session, other_account = await users.client_for(anna), await users.client(Role.ADMIN)

    for other in (other_session, other_account):
        problem_in(await link(other, response), 401, "provider_failed")
    problem_in(await link(client, await returned(client, elsewhere)), 401, "provider_failed")
    problem_in(await link(client, {**response, "state": "another"}), 401, "provider_failed")
    problem_in(await link(client, response, "github"), 401, "provider_failed")
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        problem_in(await link(client, response), 401, "provider_failed")

    assert "/token" not in elsewhere.requests
    assert await stored_links(session) == []
    assert (await link(client, response)).status_code == 201


async def test_a_page_that_makes_its_visitor_link_the_attackers_account_fails(
    elsewhere: LocalProvider, users: Users, client: httpx.AsyncClient, session: AsyncSession
) -> None:
    attacker = await users.client(Role.READER)
    attackers, own = await returned_to_link(attacker, elsewhere), await returned_to_link(client, elsewhere)

    problem_in(await link(client, attackers), 401, "provider_failed")
    problem_in(await link(client, {**attackers, "flow_token": own["flow_token"]}), 401, "provider_failed")

    assert await stored_links(session) == []


async def test_a_code_links_once(elsewhere: LocalProvider, client: httpx.AsyncClient) -> None:
    response = await returned_to_link(client, elsewhere)
    await link(client, response)

    problem_in(await link(client, response), 401, "provider_failed")

    assert await linked(client) == ["oidc"]


async def test_what_is_linked_to_somebody_else_stays_theirs(
    elsewhere: LocalProvider, users: Users, client: httpx.AsyncClient, session: AsyncSession, anna: User
) -> None:
    await link_to(client, elsewhere)

    problem_in(await link_to(await users.client(Role.ADMIN), elsewhere), 409, "provider_account_taken")

    assert await stored_links(session) == [(anna.id, "oidc")]


async def test_a_second_account_of_a_provider_is_refused_and_the_same_one_is_no_news(
    app: FastAPI, elsewhere: LocalProvider, client: httpx.AsyncClient
) -> None:
    first = await link_to(client, elsewhere)

    again = await link_to(client, elsewhere)
    elsewhere.person.subject = "2"
    problem_in(await link_to(client, elsewhere), 409, "provider_already_linked")

    assert (again.status_code, again.json()) == (201, first.json())
    assert len(await mails_waiting(app)) == 1


async def test_whoever_is_thrown_out_while_the_provider_answers_links_nothing(
    app: FastAPI, elsewhere: LocalProvider, users: Users, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_password(users, username="bert")
    thief, owner = await device_of(users, "bert"), await device_of(users, "bert")
    response = await returned_to_link(thief.client, elsewhere, password=PASSWORD)
    ask = app.state.process.share(IdentityProviders).identity

    async def change_the_password_meanwhile(provider: str, **values: str) -> Identity:
        body = {"current_password": PASSWORD, "new_password": "nine loud herons"}
        assert (await owner.client.put("/users/me/password", json=body)).status_code == 204
        identity: Identity = await ask(provider, **values)
        return identity

    monkeypatch.setattr(app.state.process.share(IdentityProviders), "identity", change_the_password_meanwhile)

    problem_in(await link(thief.client, response), 401, "invalid_token")

    assert await stored_links(session) == []


async def test_one_account_elsewhere_is_not_linked_to_two_at_once(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [await live_users.client(Role.READER) for _ in range(3)]
    with offered_by(live_app, monkeypatch) as elsewhere:
        flows = [await returned_to_link(client, elsewhere) for client in clients]

        responses = await asyncio.gather(*(link(*pair) for pair in zip(clients, flows, strict=True)))

    assert sorted(response.status_code for response in responses) == [201, 409, 409]
    async with live_app.state.database.reading() as session:
        assert len(await stored_links(session)) == 1


async def test_two_accounts_of_a_provider_are_not_linked_to_one_at_once(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await live_users.client(Role.READER)
    with offered_by(live_app, monkeypatch) as elsewhere:
        flows = []
        for number in range(3):
            elsewhere.person = type(elsewhere.person)(subject=str(number + 1))
            flows.append(await returned_to_link(client, elsewhere))

        responses = await asyncio.gather(*(link(client, flow) for flow in flows))

    assert sorted(response.status_code for response in responses) == [201, 409, 409]
    async with live_app.state.database.reading() as session:
        assert len(await stored_links(session)) == 1


# --- Unlinking -------------------------------------------------------------------------------------------------


async def test_what_is_unlinked_logs_in_no_more(
    app: FastAPI, elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    bert = await with_password(users, username="bert")
    client = await users.client_for(bert)
    await link(client, await returned_to_link(client, elsewhere, password=PASSWORD))

    assert (await unlink(client, current_password=PASSWORD)).status_code == 204

    assert await linked(client) == []
    elsewhere.person.email_verified = False
    problem_in(await sign_in(await users.client(), elsewhere), 403, "provider_email_unverified")
    assert (await log_in(client, "bert")).status_code == 200
    assert "You can no longer sign in with oidc" in (await mails_waiting(app))[-1].text
    events = (await session.scalars(select(AuditEvent.action).order_by(AuditEvent.id))).all()
    assert events == ["provider.linked", "provider.unlinked", "login.succeeded"]


async def test_unlinking_takes_the_password(elsewhere: LocalProvider, users: Users) -> None:
    client = await users.client_for(await with_password(users, username="bert"))
    await link(client, await returned_to_link(client, elsewhere, password=PASSWORD))

    problem_in(await unlink(client), 403, "wrong_password")
    problem_in(await unlink(client, current_password="not the password"), 403, "wrong_password")

    assert await linked(client) == ["oidc"]


async def test_what_is_not_linked_cannot_be_unlinked(
    elsewhere: LocalProvider, users: Users, client: httpx.AsyncClient
) -> None:
    await link_to(client, elsewhere)
    bert = await users.client(Role.ADMIN)

    problem_in(await unlink(client, "github"), 404, "provider_not_linked")
    problem_in(await unlink(bert), 404, "provider_not_linked")

    assert await linked(client) == ["oidc"]


async def test_the_last_way_in_stays(elsewhere: LocalProvider, client: httpx.AsyncClient) -> None:
    await link_to(client, elsewhere)

    problem_in(await unlink(client), 409, "last_login_method")

    assert await linked(client) == ["oidc"]


async def test_another_provider_or_a_passkey_is_a_way_in(
    elsewhere: LocalProvider, client: httpx.AsyncClient, session: AsyncSession, anna: User
) -> None:
    for provider in ("oidc", "github"):
        await link_to(client, elsewhere, provider)
    assert (await unlink(client, "oidc")).status_code == 204
    problem_in(await unlink(client, "github"), 409, "last_login_method")

    session.add(a_passkey(anna))
    await session.commit()

    assert (await unlink(client, "github")).status_code == 204


async def test_a_provider_that_is_not_offered_any_more_is_no_way_in_and_can_be_unlinked(
    elsewhere: LocalProvider, client: httpx.AsyncClient, session: AsyncSession, anna: User
) -> None:
    session.add(ProviderAccount(user_id=anna.id, provider="gone", subject="1"))
    await session.commit()
    await link_to(client, elsewhere)

    problem_in(await unlink(client, "oidc"), 409, "last_login_method")

    assert (await unlink(client, "gone")).status_code == 204


async def test_somebody_elses_ways_in_do_not_count(
    elsewhere: LocalProvider, users: Users, client: httpx.AsyncClient, session: AsyncSession
) -> None:
    bert = await users.user(username="bert")
    session.add_all([a_passkey(bert), ProviderAccount(user_id=bert.id, provider="github", subject="1")])
    await session.commit()
    await link_to(client, elsewhere)

    problem_in(await unlink(client), 409, "last_login_method")


async def test_two_unlinked_at_once_do_not_lock_the_owner_out(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await live_users.client(Role.READER)
    with offered_by(live_app, monkeypatch) as elsewhere:
        for provider in ("oidc", "github"):
            await link_to(client, elsewhere, provider)

        responses = await asyncio.gather(unlink(client, "oidc"), unlink(client, "github"))

        assert sorted(response.status_code for response in responses) == [204, 409]
        (left,) = await linked(client)
        back = await sign_in(await live_users.client(), elsewhere, left)
    assert back.status_code == 200, back.text


async def test_unlinking_and_linking_again_is_allowed_to_somebody_else(
    elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    bert = await with_password(users, username="bert")
    client = await users.client_for(bert)
    await link(client, await returned_to_link(client, elsewhere, password=PASSWORD))
    await unlink(client, current_password=PASSWORD)
    anna = await users.user(username="anna")

    assert (await link_to(await users.client_for(anna), elsewhere)).status_code == 201

    assert await stored_links(session) == [(anna.id, "oidc")]
    response = await finish(await users.client(), await returned(client, elsewhere))
    assert response.status_code == 200
