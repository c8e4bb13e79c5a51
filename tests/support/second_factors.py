"""Authenticator apps and passkeys as users have them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pyotp

from app.core import clock
from tests.support.authenticator import Authenticator
from tests.support.logins import PASSWORD, log_in
from tests.support.problems import problem_in

ORIGIN = "https://blog.example.com"
STEP = timedelta(seconds=30)
KNOWING_IT = {"current_password": PASSWORD}


@dataclass(frozen=True)
class AuthenticatorApp:
    """An app that knows the secret of an account, with the account's recovery codes."""

    secret: str
    recovery_codes: list[str]

    def code(self, steps: int = 0) -> str:
        """The code shown now, or some steps from now."""
        return pyotp.TOTP(self.secret).at(clock.now() + steps * STEP)

    def wrong_code(self) -> str:
        """A code that is shown neither now nor soon."""
        shown = {self.code(steps) for steps in range(-2, 3)}
        return next(code for code in (f"{number:06}" for number in range(10)) if code not in shown)


async def totp_secret(client: httpx.AsyncClient) -> str:
    """The secret of an authenticator app that is not confirmed yet."""
    begun = await client.post("/users/me/totp", json=KNOWING_IT)
    assert begun.status_code == 200, begun.text
    secret: str = begun.json()["secret"]
    return secret


async def with_totp(client: httpx.AsyncClient) -> AuthenticatorApp:
    """Set up an app, which uses up its current code."""
    secret = await totp_secret(client)
    confirmed = await client.put("/users/me/totp", json={"code": AuthenticatorApp(secret, []).code()})
    assert confirmed.status_code == 200, confirmed.text
    return AuthenticatorApp(secret, confirmed.json()["recovery_codes"])


async def pending_token(client: httpx.AsyncClient, login: str) -> str:
    """The pending token for an account with a second factor and the correct password."""
    problem = problem_in(await log_in(client, login), 401, "second_factor_required")
    token: str = problem["second_factor"]["pending_token"]
    return token


async def give(client: httpx.AsyncClient, token: str, **factor: Any) -> httpx.Response:
    return await client.post("/auth/login/second-factor", json={"pending_token": token, **factor})


def authenticator() -> Authenticator:
    return Authenticator(ORIGIN)


async def creation_options(client: httpx.AsyncClient) -> dict[str, Any]:
    asked = await client.post("/users/me/passkeys/options", json=KNOWING_IT)
    assert asked.status_code == 200, asked.text
    options: dict[str, Any] = asked.json()
    return options


async def with_passkey(client: httpx.AsyncClient, phone: Authenticator, name: str = "My phone") -> dict[str, Any]:
    """Add a passkey; returns the response."""
    credential = phone.create(await creation_options(client))
    added = await client.post("/users/me/passkeys", json={"name": name, "credential": credential})
    assert added.status_code == 201, added.text
    response: dict[str, Any] = added.json()
    return response


async def request_options(client: httpx.AsyncClient, token: str | None = None) -> dict[str, Any]:
    body = {} if token is None else {"pending_token": token}
    asked = await client.post("/auth/login/passkey-options", json=body)
    assert asked.status_code == 200, asked.text
    options: dict[str, Any] = asked.json()
    return options


async def show(
    client: httpx.AsyncClient, credential: dict[str, Any], token: str | None = None, **fields: Any
) -> httpx.Response:
    """Log in with an authenticator's response."""
    body = {"credential": credential, **fields} if token is None else {"credential": credential, "pending_token": token}
    return await client.post("/auth/login/passkey", json=body)


async def log_in_with(client: httpx.AsyncClient, phone: Authenticator, token: str | None = None) -> httpx.Response:
    return await show(client, phone.get(await request_options(client, token)), token)
