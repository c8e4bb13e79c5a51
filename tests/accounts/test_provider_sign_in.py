"""Signing in with an account elsewhere: who gets in, to which account, and what is worth nothing."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.identities.identity import Identity
from app.accounts.identities.providers import IdentityProviders
from app.accounts.models import AccountDeletion, ArticleDisposition, LoginSession, ProviderAccount, User
from app.audit.models import AuditEvent
from app.core import clock
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from app.db.base import Base
from tests.support.logins import PASSWORD, log_in, with_password
from tests.support.mails import mailed_token, mails_waiting
from tests.support.oidc import DISCOVERY, GITHUB_TOKEN, LocalProvider, Reply
from tests.support.problems import problem_in
from tests.support.signing_in import finish, offered_by, returned, returned_to_link, sign_in
from tests.support.users import Users

JANE = "jane@example.com"
# The settings of the tests sign with it.
SECRET = "a secret of the tests that is long enough to sign with"


@pytest.fixture
def elsewhere(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProvider]:
    with offered_by(app, monkeypatch) as provider:
        yield provider


async def me(client: httpx.AsyncClient, response: httpx.Response) -> dict[str, Any]:
    """Whose session was begun."""
    assert response.status_code == 200, response.text
    headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
    found: dict[str, Any] = (await client.get("/users/me", headers=headers)).json()
    return found


async def nothing_was_stored(session: AsyncSession) -> bool:
    tables = (User, ProviderAccount, LoginSession, AuditEvent)
    return [await session.scalar(select(func.count()).select_from(table)) for table in tables] == 4 * [0]


# --- What is offered -------------------------------------------------------------------------------------------


async def test_the_providers_that_are_configured_are_offered(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient
) -> None:
    assert (await anonymous.get("/auth/providers")).json() == [{"name": "github"}, {"name": "oidc"}]
    assert elsewhere.requests == []


async def test_without_configuration_nothing_is_offered(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/auth/providers")).json() == []
    problem_in(await anonymous.post("/auth/providers/google/authorizations"), 404, "unknown_provider")
    response = {"flow_token": "x", "code": "x", "state": "x"}
    problem_in(await finish(anonymous, response, "google"), 404, "unknown_provider")


async def test_people_come_back_to_the_frontend_and_nowhere_else(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient
) -> None:
    path = "/auth/providers/oidc/authorizations?redirect_uri=https://evil.example.com"
    begun = await anonymous.post(path, json={"redirect_uri": "https://evil.example.com"})

    asked = dict(parse_qsl(urlsplit(begun.json()["authorization_url"]).query))
    assert asked["redirect_uri"] == "https://blog.example.com/sign-in/oidc"
    assert begun.json()["authorization_url"].startswith(f"{elsewhere.address}/authorize?")


async def test_what_is_in_the_address_is_not_the_flow_token_and_new_each_time(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient
) -> None:
    begun = [(await anonymous.post("/auth/providers/oidc/authorizations")).json() for _ in range(2)]

    values: set[str] = set()
    for flow in begun:
        asked = dict(parse_qsl(urlsplit(flow["authorization_url"]).query))
        values |= {asked["state"], asked["nonce"], asked["code_challenge"]}
        assert flow["flow_token"] not in flow["authorization_url"]
    assert len(values) == 6
    assert elsewhere.requests == [DISCOVERY]


# --- A new account ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["github", "oidc"])
async def test_somebody_new_gets_an_account(
    app: FastAPI, elsewhere: LocalProvider, anonymous: httpx.AsyncClient, session: AsyncSession, provider: str
) -> None:
    account = await me(anonymous, await sign_in(anonymous, elsewhere, provider))

    assert (account["username"], account["display_name"]) == ("jane-doe", "Jane Doe")
    assert (account["email"], account["is_verified"], account["role"]) == (JANE, True, "reader")
    stored = (await session.scalars(select(User))).one()
    assert stored.hashed_password == UNUSABLE
    linked = (await session.scalars(select(ProviderAccount))).one()
    assert (linked.user_id, linked.provider, linked.subject) == (stored.id, provider, "583231")
    audited = await session.scalars(select(AuditEvent.action).order_by(AuditEvent.id))
    assert audited.all() == ["account.registered", "provider.linked", "login.succeeded"]
    assert await mails_waiting(app) == []


async def test_who_comes_again_gets_the_same_account_whatever_became_of_the_address(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient
) -> None:
    first = await me(anonymous, await sign_in(anonymous, elsewhere))
    elsewhere.person.email, elsewhere.person.email_verified = "new@example.com", False

    again = await me(anonymous, await sign_in(anonymous, elsewhere))

    assert (again["id"], again["email"]) == (first["id"], JANE)


async def test_another_person_with_the_same_name_gets_another_username(
    elsewhere: LocalProvider, users: Users, anonymous: httpx.AsyncClient
) -> None:
    await users.user(username="jane-doe")
    names = []
    for number in range(5):
        elsewhere.person.subject, elsewhere.person.email = str(number + 1), f"jane{number}@example.com"
        names.append((await me(anonymous, await sign_in(anonymous, elsewhere)))["username"])

    assert names[:3] == ["jane-doe-2", "jane-doe-3", "jane-doe-4"]
    assert all(len(name) == len("jane-doe-12345678") for name in names[3:])


@pytest.mark.parametrize(
    ("name", "username", "display_name"),
    [
        (None, "jane", "jane"),
        ("Jo", "user-jo", "Jo"),
        ("Ünal Öz", "unal-oz", "Ünal Öz"),
        ("李小龙", "li-xiao-long", "李小龙"),
        ("x" * 100, "x" * 31, "x" * 100),
        ("a" * 30 + " b", "a" * 30, "a" * 30 + " b"),
    ],
)
@pytest.mark.one_database
async def test_a_username_is_made_of_any_name(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient, name: str | None, username: str, display_name: str
) -> None:
    elsewhere.person.name = name

    account = await me(anonymous, await sign_in(anonymous, elsewhere))

    assert (account["username"], account["display_name"]) == (username, display_name)


async def test_new_accounts_get_the_default_role(
    app: FastAPI, elsewhere: LocalProvider, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.settings, "default_role", Role.AUTHOR)

    assert (await me(anonymous, await sign_in(anonymous, elsewhere)))["role"] == "author"


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("registration", "closed", "registration_closed"),
        ("registration", "invitation", "invalid_invitation"),
        ("allowed_email_domains", ["example.org"], "email_domain_not_allowed"),
        ("blocked_email_domains", ["example.com"], "email_domain_not_allowed"),
    ],
)
async def test_no_account_is_opened_for_whom_none_may_be_opened(
    app: FastAPI,
    elsewhere: LocalProvider,
    users: Users,
    session: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: object,
    code: str,
) -> None:
    client = await users.client()
    monkeypatch.setattr(app.state.settings, setting, value)

    problem_in(await sign_in(client, elsewhere), 403, code)
    assert await nothing_was_stored(session)

    await users.user(username="jane")
    assert (await me(client, await sign_in(client, elsewhere)))["username"] == "jane"


async def test_an_account_without_a_password_can_choose_one(
    app: FastAPI, elsewhere: LocalProvider, anonymous: httpx.AsyncClient
) -> None:
    await sign_in(anonymous, elsewhere)
    problem_in(await log_in(anonymous, JANE, UNUSABLE), 401, "invalid_credentials")

    await anonymous.post("/auth/forgot-password", json={"email": JANE})
    chosen = await anonymous.post("/auth/reset-password", json={"token": await mailed_token(app), "password": PASSWORD})

    assert chosen.status_code == 204, chosen.text
    assert (await log_in(anonymous, JANE)).status_code == 200
    assert (await sign_in(anonymous, elsewhere)).status_code == 200


async def test_the_refresh_token_may_go_into_the_cookie(
    app: FastAPI, elsewhere: LocalProvider, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.settings, "auth_cookie", "lax")
    body: dict[str, Any] = {**await returned(anonymous, elsewhere), "use_cookie": True}
    own = {"Origin": "https://blog.example.com"}

    response = await anonymous.post("/auth/providers/oidc/sign-ins", json=body, headers=own)

    assert response.json()["refresh_token"] is None
    assert response.headers["Set-Cookie"].startswith("colophon_refresh=clr_")


async def test_no_other_sites_page_signs_its_visitor_in(
    app: FastAPI,
    elsewhere: LocalProvider,
    anonymous: httpx.AsyncClient,
    session: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.state.settings, "auth_cookie", "lax")
    body: dict[str, Any] = {**await returned(anonymous, elsewhere), "use_cookie": True}
    evil = {"Origin": "https://evil.example.com"}

    response = await anonymous.post("/auth/providers/oidc/sign-ins", json=body, headers=evil)

    problem_in(response, 403, "origin_not_allowed")
    assert await nothing_was_stored(session)


# --- Flows that are worth nothing ------------------------------------------------------------------------------


async def refused(client: httpx.AsyncClient, elsewhere: LocalProvider, response: dict[str, str]) -> None:
    """Refused without the provider having been asked: the code is still good for whom it belongs to."""
    problem_in(await finish(client, response), 401, "provider_failed")
    assert "/token" not in elsewhere.requests


@pytest.mark.parametrize("state", ["another", "ü", "x" * 43])
@pytest.mark.one_database
async def test_the_state_must_be_that_of_the_flow(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient, session: AsyncSession, state: str
) -> None:
    await refused(anonymous, elsewhere, {**await returned(anonymous, elsewhere), "state": state})
    assert await nothing_was_stored(session)


async def test_a_link_that_somebody_else_came_back_with_is_worth_nothing(
    elsewhere: LocalProvider, users: Users
) -> None:
    """Login CSRF: the attacker's own code and state, shown to the victim's client."""
    attacker, victim = await users.client(), await users.client()
    attackers, victims = await returned(attacker, elsewhere), await returned(victim, elsewhere)

    await refused(victim, elsewhere, {**attackers, "flow_token": victims["flow_token"]})


async def test_a_code_of_another_flow_is_refused_by_the_provider(elsewhere: LocalProvider, users: Users) -> None:
    """A stolen code put into the thief's own flow."""
    victim, thief = await users.client(), await users.client()
    stolen, own = await returned(victim, elsewhere), await returned(thief, elsewhere)

    problem_in(await finish(thief, {**own, "code": stolen["code"]}), 401, "provider_failed")


async def test_a_flow_token_is_good_for_ten_minutes(elsewhere: LocalProvider, anonymous: httpx.AsyncClient) -> None:
    response, late = await returned(anonymous, elsewhere), await returned(anonymous, elsewhere)

    with time_machine.travel(clock.now() + timedelta(minutes=9, seconds=50)):
        assert (await finish(anonymous, response)).status_code == 200
    elsewhere.requests.clear()
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1)):
        await refused(anonymous, elsewhere, late)


async def test_a_flow_token_of_another_provider_is_refused(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient
) -> None:
    response = await returned(anonymous, elsewhere, "github")

    await refused(anonymous, elsewhere, response)
    assert GITHUB_TOKEN not in elsewhere.requests


async def test_a_flow_that_was_begun_to_link_does_not_sign_in(
    elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    owner = await users.client(Role.READER)
    response = await returned_to_link(owner, elsewhere)

    await refused(await users.client(), elsewhere, response)
    assert (await session.scalars(select(ProviderAccount))).all() == []


async def test_a_flow_token_that_was_not_made_here_is_refused(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient
) -> None:
    response = await returned(anonymous, elsewhere)
    claims = jwt.decode(response["flow_token"], options={"verify_signature": False})
    access_token = (await finish(anonymous, response)).json()["access_token"]
    elsewhere.requests.clear()
    forged = [
        jwt.encode(claims, "a secret that somebody else has made up", "HS256"),
        jwt.encode(claims, "", "none"),
        jwt.encode({**claims, "aud": "colophon:access"}, SECRET, "HS256"),
        access_token,
        response["flow_token"][:-2],
        "",
        "ü",
    ]

    for flow_token in forged:
        await refused(anonymous, elsewhere, {**response, "flow_token": flow_token})


async def test_a_code_signs_in_once(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    response = await returned(anonymous, elsewhere)
    assert (await finish(anonymous, response)).status_code == 200

    problem_in(await finish(anonymous, response), 401, "provider_failed")

    assert len((await session.scalars(select(LoginSession))).all()) == 1


async def test_beginning_is_limited_by_address(anonymous: httpx.AsyncClient) -> None:
    for _ in range(30):
        await anonymous.post("/auth/providers/oidc/authorizations")

    problem_in(await anonymous.post("/auth/providers/oidc/authorizations"), 429, "too_many_requests")


# --- Addresses that are known here -----------------------------------------------------------------------------


@pytest.mark.parametrize(("email", "verified"), [(JANE, False), (JANE, None), (None, True), ("jane", True)])
async def test_an_address_that_the_provider_has_not_verified_opens_nothing(
    elsewhere: LocalProvider,
    users: Users,
    session: AsyncSession,
    email: str | None,
    verified: object,
) -> None:
    await users.user(username="jane")
    elsewhere.person.email, elsewhere.person.email_verified = email, verified

    problem_in(await sign_in(await users.client(), elsewhere), 403, "provider_email_unverified")

    assert (await session.scalars(select(ProviderAccount))).all() == []
    assert (await session.scalars(select(LoginSession))).all() == []


async def test_an_address_that_is_confirmed_on_both_sides_links_and_its_owner_is_told(
    app: FastAPI, elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    jane = await with_password(users, username="jane")
    client = await users.client()

    assert (await me(client, await sign_in(client, elsewhere)))["id"] == jane.id
    assert (await me(client, await sign_in(client, elsewhere)))["id"] == jane.id

    (mail,) = await mails_waiting(app)
    assert mail.recipient == JANE
    assert "You can now sign in with oidc." in mail.text
    linked = (await session.scalars(select(AuditEvent).where(AuditEvent.action == "provider.linked"))).one()
    assert (linked.actor_id, linked.details) == (jane.id, {"provider": "oidc"})
    assert (await log_in(client, "jane")).status_code == 200


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMIN])
async def test_editors_link_a_provider_themselves(
    elsewhere: LocalProvider, users: Users, anonymous: httpx.AsyncClient, session: AsyncSession, role: Role
) -> None:
    await users.user(role, email=JANE)

    problem_in(await sign_in(anonymous, elsewhere), 409, "account_not_linked")

    assert (await session.scalars(select(ProviderAccount))).all() == []


async def test_an_address_that_is_not_confirmed_here_links_nothing(
    elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    """An imported author's, or one that an admin has changed."""
    await with_password(users, username="jane", is_verified=False)

    problem_in(await sign_in(await users.client(), elsewhere), 409, "account_not_linked")

    assert (await session.scalars(select(ProviderAccount))).all() == []


async def test_whoever_registered_with_somebody_elses_address_gains_nothing(
    elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    attacker, victim = await users.client(), await users.client()
    data = {"email": JANE, "username": "jane-doe", "password": PASSWORD}
    assert (await attacker.post("/auth/register", json=data)).status_code == 202

    account = await me(victim, await sign_in(victim, elsewhere))

    assert (account["username"], account["email"]) == ("jane-doe-2", JANE)
    problem_in(await log_in(attacker, JANE), 401, "invalid_credentials")
    attackers = await me(attacker, await log_in(attacker, "jane-doe"))
    assert (attackers["id"] != account["id"], attackers["email"], attackers["is_verified"]) == (True, None, False)
    assert (await session.scalars(select(ProviderAccount.user_id))).all() == [account["id"]]


async def test_one_account_here_is_not_shared_by_two_of_a_provider(elsewhere: LocalProvider, users: Users) -> None:
    """The provider has given the address to somebody else since."""
    client = await users.client()
    await sign_in(client, elsewhere)
    elsewhere.person.subject = "2"

    problem_in(await sign_in(client, elsewhere), 409, "provider_already_linked")


@pytest.mark.parametrize("is_linked", [True, False])
async def test_an_inactive_account_is_not_got_into(
    elsewhere: LocalProvider, users: Users, session: AsyncSession, is_linked: bool
) -> None:
    jane = await users.user(username="jane", is_active=False)
    if is_linked:
        session.add(ProviderAccount(user_id=jane.id, provider="oidc", subject=elsewhere.person.subject))
        await session.commit()

    problem_in(await sign_in(await users.client(), elsewhere), 401, "invalid_credentials")

    assert (await session.scalars(select(LoginSession))).all() == []
    assert len((await session.scalars(select(ProviderAccount))).all()) == is_linked
    event = (await session.scalars(select(AuditEvent))).one()
    assert (event.action, event.subject_id, event.details) == ("login.failed", jane.id, {"method": "provider"})


async def test_signing_in_takes_back_that_the_account_is_to_be_deleted(
    elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    jane = await users.user(username="jane")
    due_at = clock.now() + timedelta(days=1)
    session.add(AccountDeletion(user_id=jane.id, articles=ArticleDisposition.REMOVE, due_at=due_at))
    await session.commit()

    assert (await sign_in(await users.client(), elsewhere)).status_code == 200

    assert (await session.scalars(select(AccountDeletion))).all() == []


async def test_the_second_factor_is_asked_for_all_the_same(
    elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    jane = await users.user(username="jane", has_second_factor=True)
    session.add(ProviderAccount(user_id=jane.id, provider="oidc", subject=elsewhere.person.subject))
    await session.commit()

    problem = problem_in(await sign_in(await users.client(), elsewhere), 401, "second_factor_required")

    assert problem["second_factor"]["pending_token"]
    assert (await session.scalars(select(LoginSession))).all() == []


async def test_whoever_is_protected_by_a_second_factor_links_a_provider_themselves(
    elsewhere: LocalProvider, users: Users, session: AsyncSession
) -> None:
    await users.user(username="jane", has_second_factor=True)

    problem_in(await sign_in(await users.client(), elsewhere), 409, "account_not_linked")

    assert (await session.scalars(select(ProviderAccount))).all() == []


# --- Providers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "path"), [("oidc", "/token"), ("oidc", "/keys"), ("github", GITHUB_TOKEN), ("github", "/user")]
)
@pytest.mark.one_database
async def test_a_provider_that_is_away_signs_nobody_in(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient, session: AsyncSession, provider: str, path: str
) -> None:
    response = await returned(anonymous, elsewhere, provider)
    elsewhere.replies = {path: Reply(503, b"")}

    problem_in(await finish(anonymous, response, provider), 401, "provider_failed")

    assert await nothing_was_stored(session)


async def test_a_provider_that_was_never_there_cannot_be_begun_with(
    elsewhere: LocalProvider, anonymous: httpx.AsyncClient
) -> None:
    elsewhere.replies = {DISCOVERY: Reply(503, b"")}

    problem_in(await anonymous.post("/auth/providers/oidc/authorizations"), 401, "provider_failed")


async def test_what_the_provider_gives_out_is_neither_stored_nor_logged(
    app: FastAPI,
    elsewhere: LocalProvider,
    anonymous: httpx.AsyncClient,
    session: AsyncSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    secrets: list[str] = []
    for provider in ("oidc", "github"):
        elsewhere.person.subject, elsewhere.person.email = str(len(secrets) + 1), f"{provider}@example.com"
        response = await returned(anonymous, elsewhere, provider)
        assert (await finish(anonymous, response, provider)).status_code == 200
        problem_in(await finish(anonymous, response, provider), 401, "provider_failed")
        secrets += response.values()
    secrets += elsewhere.issued

    stored = [
        str(value)
        for table in Base.metadata.sorted_tables
        for row in await session.execute(select(table))
        for value in row
    ]
    assert len(secrets) == 11
    assert "github@example.com" in stored
    assert "signing in with oidc failed" in caplog.text
    for secret in secrets:
        assert not any(secret in text for text in [*stored, caplog.text])
    assert await mails_waiting(app) == []


# --- At once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_known", [True, False])
async def test_two_who_come_at_once_are_one_account_and_hold_no_connection_meanwhile(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    if is_known:
        await live_users.user(username="jane")
    with offered_by(live_app, monkeypatch) as elsewhere:
        client = await live_users.client()
        responses = [await returned(client, elsewhere) for _ in range(4)]
        database = live_app.state.database
        ask, held, together = live_app.state.process.share(IdentityProviders).identity, [], asyncio.Barrier(4)

        async def ask_together(provider: str, **values: str) -> Identity:
            held.append(database.engine.pool.checkedout() + database.reading_engine.pool.checkedout())
            try:
                identity: Identity = await ask(provider, **values)
            finally:
                # Also after a failure, or the others would wait for ever.
                await together.wait()
            return identity

        monkeypatch.setattr(live_app.state.process.share(IdentityProviders), "identity", ask_together)

        signed_in = await asyncio.gather(*(finish(client, response) for response in responses))

        assert held == 4 * [0]
        assert len({(await me(client, response))["id"] for response in signed_in}) == 1
    async with database.reading() as session:
        assert len((await session.scalars(select(User))).all()) == 1
        assert len((await session.scalars(select(ProviderAccount))).all()) == 1


async def test_a_code_that_is_sent_twice_at_once_signs_in_once(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    with offered_by(live_app, monkeypatch) as elsewhere:
        client = await live_users.client()
        response = await returned(client, elsewhere)

        responses = await asyncio.gather(*(finish(client, response) for _ in range(3)))

    assert sorted(response.status_code for response in responses) == [200, 401, 401]
