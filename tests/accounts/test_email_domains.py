"""One account per address, however its domain is written; and domains that exist in a private network only."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.policies.registration import is_reachable
from app.core.config import Environment
from app.core.email_addresses import as_stored, canonical, for_mail_servers, is_private
from app.core.roles import Role
from tests.conftest import settings_for
from tests.support.logins import PASSWORD, with_password
from tests.support.mails import mails_waiting
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users

PRIVATE = (
    *("a@localhost", "a@mailhost", "a@nas.local", "a@nas.home.arpa", "a@x.internal", "a@x.lan", "a@x.corp", "a@x.test"),
    *(
        "a@x.home",
        "a@x.intranet",
        "a@x.private",
        "a@x.localdomain",
        "a@[192.168.1.5]",
        "a@[IPv6:fd00::1]",
        "a@[8.8.8.8]",
    ),
)


@pytest.mark.parametrize(
    ("given", "stored", "sent"),
    [
        ("User@Bücher.de", "user@bücher.de", "user@xn--bcher-kva.de"),
        ("user@xn--bcher-kva.de", "user@bücher.de", "user@xn--bcher-kva.de"),
        ("user@XN--BCHER-KVA.de", "user@bücher.de", "user@xn--bcher-kva.de"),
        ("user@bu\u0308cher.de", "user@bücher.de", "user@xn--bcher-kva.de"),
        ("user@bücher。de", "user@bücher.de", "user@xn--bcher-kva.de"),
        (" user@bücher.de\n", "user@bücher.de", "user@xn--bcher-kva.de"),
        ("user@faß.de", "user@faß.de", "user@xn--fa-hia.de"),
        ("user@fass.de", "user@fass.de", "user@fass.de"),
        ("u\u0308nal@example.com", "ünal@example.com", "ünal@example.com"),
        ("user@mail.localhost", "user@mail.localhost", "user@mail.localhost"),
    ],
)
def test_an_address_has_one_form_and_servers_get_it_in_ascii(given: str, stored: str, sent: str) -> None:
    assert canonical(given) == as_stored(given) == stored
    assert canonical(stored) == stored
    assert for_mail_servers(stored) == sent


@pytest.mark.parametrize(
    "text",
    [
        *("a", "a@", "@b.de", "a@b@c.de", "a b@c.de", "a@b..de", "a@-b.de", "a@1.2.3.4", "a@x.invalid", "a@x.onion"),
        *("a@5.in-addr.arpa", "a@arpa", "a@xn--zzzzzz---.de", "a@b\u200b.de", "a@[999.0.0.1]", "a@i❤.ws", "<a@b.de>"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        canonical(text)


@pytest.mark.parametrize("email", PRIVATE)
def test_private_domains_are_told_and_depend_on_the_settings(email: str) -> None:
    settings = settings_for("sqlite://", Path("var"))
    in_production = settings.model_copy(update={"environment": Environment.PRODUCTION})

    assert is_private(canonical(email).rpartition("@")[2])
    assert is_reachable(canonical(email), settings)
    assert not is_reachable(canonical(email), in_production)
    assert is_reachable(canonical(email), in_production.model_copy(update={"private_email_domains": True}))


@pytest.mark.parametrize(
    "domain", ["example.com", "mylocal", "local.example", "internal.example.com", "x.xlan", "bücher.de"]
)
def test_public_domains_are_told(domain: str) -> None:
    assert is_private(domain) is ("." not in domain)


@pytest.mark.parametrize("typed", ["anna@bücher.de", "Anna@XN--bcher-kva.DE", " anna@BU\u0308CHER.de "])
async def test_the_owner_gets_in_by_every_form(users: Users, anonymous: httpx.AsyncClient, typed: str) -> None:
    await with_password(users, email="anna@bücher.de")

    assert (await anonymous.post("/auth/login", data={"username": typed, "password": PASSWORD})).status_code == 200


async def test_two_forms_of_one_address_are_one_account(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient
) -> None:
    await with_password(users, email="anna@bücher.de")
    data = {"email": "anna@xn--bcher-kva.de", "username": "other", "password": PASSWORD}

    assert (await anonymous.post("/auth/register", json=data)).status_code == 202
    (mail,) = await mails_waiting(app)
    assert (mail.recipient, "already" in mail.text) == ("anna@bücher.de", True)


Act = Callable[[Users, httpx.AsyncClient], Awaitable[httpx.Response]]
EMAIL = "anna@nas.local"


async def _register(_users: Users, anonymous: httpx.AsyncClient) -> httpx.Response:
    data = {"email": EMAIL, "username": "anna2", "password": PASSWORD}
    return await anonymous.post("/auth/register", json=data)


async def _change(users: Users, _anonymous: httpx.AsyncClient) -> httpx.Response:
    client = await users.client_for(await with_password(users))
    return await client.put("/users/me/email", json={"email": EMAIL, "current_password": PASSWORD})


async def _invite(users: Users, _anonymous: httpx.AsyncClient) -> httpx.Response:
    return await (await users.client(Role.ADMIN)).post("/invitations", json={"email": EMAIL})


@pytest.mark.parametrize("act", [_register, _change, _invite])
@pytest.mark.parametrize("is_on", [False, True])
async def test_in_production_a_setting_decides(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, act: Act, is_on: bool
) -> None:
    monkeypatch.setattr(app.state.settings, "environment", Environment.PRODUCTION)
    monkeypatch.setattr(app.state.settings, "private_email_domains", is_on)

    answer = await act(users, anonymous)

    if is_on:
        assert answer.status_code in {201, 202}
    else:
        assert fields_of(problem_in(answer, 403, "email_domain_not_allowed")) == ["email"]
        assert await mails_waiting(app) == []
