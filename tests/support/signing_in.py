"""Signing in with local test providers."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.accounts.identities import github
from app.accounts.identities.providers import IdentityProviders
from tests.support.oidc import CLIENT_ID, CLIENT_SECRET, LocalProvider, local_provider


@contextmanager
def offered_by(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProvider]:
    """Make the app offer `github` and `oidc`, both served by one local provider."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    secret = SecretStr(CLIENT_SECRET)
    with local_provider() as elsewhere:
        # Its keys are made when they are first needed; requests at once would each make another.
        elsewhere.document("/keys")
        elsewhere.requests.clear()
        monkeypatch.setattr(github, "SITE", elsewhere.address)
        monkeypatch.setattr(github, "API", elsewhere.address)
        values = {
            "github_client_id": CLIENT_ID,
            "github_client_secret": secret,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": secret,
            "oidc_issuer": elsewhere.address,
        }
        identities = IdentityProviders(app.state.settings.model_copy(update=values))
        monkeypatch.setitem(app.state.process.shared, IdentityProviders, identities)
        yield elsewhere


async def returned(client: httpx.AsyncClient, elsewhere: LocalProvider, provider: str = "oidc") -> dict[str, str]:
    """What a client holds once its user has approved and come back."""
    begun = await client.post(f"/auth/providers/{provider}/authorizations")
    return _approved(elsewhere, begun)


async def returned_to_link(
    client: httpx.AsyncClient, elsewhere: LocalProvider, provider: str = "oidc", password: str | None = None
) -> dict[str, str]:
    """The same for a user who is logged in and wants to link."""
    body = {"current_password": password} if password else {}
    return _approved(elsewhere, await client.post(f"/users/me/providers/{provider}/authorizations", json=body))


def _approved(elsewhere: LocalProvider, begun: httpx.Response) -> dict[str, str]:
    assert begun.status_code == 200, begun.text
    flow = begun.json()
    return {"flow_token": flow["flow_token"], **elsewhere.approve(flow["authorization_url"])}


async def finish(client: httpx.AsyncClient, response: dict[str, str], provider: str = "oidc") -> httpx.Response:
    return await client.post(f"/auth/providers/{provider}/sign-ins", json=response)


async def sign_in(client: httpx.AsyncClient, elsewhere: LocalProvider, provider: str = "oidc") -> httpx.Response:
    return await finish(client, await returned(client, elsewhere, provider), provider)


async def link(client: httpx.AsyncClient, response: dict[str, str], provider: str = "oidc") -> httpx.Response:
    return await client.post(f"/users/me/providers/{provider}", json=response)
