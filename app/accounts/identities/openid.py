"""Any provider that supports OpenID Connect, such as Google."""

from datetime import datetime, timedelta
from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, Field, HttpUrl

from app.accounts.identities.http import UnusableResponse, connect, fetch
from app.accounts.identities.id_tokens import KeySet, Person, person_in
from app.accounts.identities.identity import Identity
from app.accounts.identities.oauth import CodeFlow, Tokens
from app.core import clock

_SCOPES = ["openid", "email", "profile"]
_DISCOVERED_FOR = timedelta(hours=1)


def _require_host(url: str) -> str:
    # What looks like an url but leads nowhere makes connecting fail in ways that nobody expects.
    HttpUrl(url)
    return url


# Plain HTTP only where nobody is in between.
_Endpoint = Annotated[
    str,
    Field(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)(:\d+)?/)[\x21-\x7e]+$"),
    AfterValidator(_require_host),
]


class _Discovery(BaseModel):
    issuer: str
    authorization_endpoint: _Endpoint
    token_endpoint: _Endpoint
    jwks_uri: _Endpoint
    userinfo_endpoint: _Endpoint | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


class OpenIDProvider:
    def __init__(self, name: str, issuer: str, client_id: str, client_secret: str) -> None:
        self._name = name
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._discovered: tuple[datetime, _Discovery] | None = None

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, code_verifier: str) -> str:
        """The URL to send the user to. Raises `UnusableResponse`."""
        discovery = await self._discover()
        # What the endpoint's url asks for already has to stay in it.
        more = {**httpx.URL(discovery.authorization_endpoint).params, "nonce": nonce}
        return await self._flow(discovery).authorization_url(
            redirect_uri=redirect_uri, state=state, code_verifier=code_verifier, more=more
        )

    async def identity(self, *, code: str, redirect_uri: str, nonce: str, code_verifier: str) -> Identity:
        """The identity of the user who came back with this code. Raises `UnusableResponse`."""
        discovery = await self._discover()
        tokens = await self._flow(discovery).exchange(code=code, redirect_uri=redirect_uri, code_verifier=code_verifier)
        if tokens.id_token is None:
            raise UnusableResponse("the provider sent no ID token")
        async with connect() as client:
            # Fetched each time: logins are rare, and keys that have been withdrawn must not be believed.
            keys = await fetch(client, discovery.jwks_uri, KeySet)
            vouched = person_in(tokens.id_token, keys, issuer=discovery.issuer, client_id=self._client_id, nonce=nonce)
            described = await self._described(client, discovery, tokens, vouched)
        return Identity(
            provider=self._name,
            subject=vouched.sub,
            email=described.email,
            is_email_verified=described.is_email_verified,
            display_name=vouched.name or described.name,
        )

    async def _described(
        self, client: httpx.AsyncClient, discovery: _Discovery, tokens: Tokens, vouched: Person
    ) -> Person:
        """The person with their email, which not all providers put into the ID token."""
        if vouched.email is not None or discovery.userinfo_endpoint is None:
            return vouched
        described = await fetch(client, discovery.userinfo_endpoint, Person, access_token=tokens.access_token)
        if described.sub != vouched.sub:
            raise UnusableResponse("the provider described someone else")
        return described

    async def _discover(self) -> _Discovery:
        if self._discovered is not None and clock.now() - self._discovered[0] < _DISCOVERED_FOR:
            return self._discovered[1]
        async with connect() as client:
            discovery = await fetch(client, f"{self._issuer}/.well-known/openid-configuration", _Discovery)
        if discovery.issuer.rstrip("/") != self._issuer:
            raise UnusableResponse("the provider's issuer differs from the configured one")
        self._discovered = clock.now(), discovery
        return discovery

    def _flow(self, discovery: _Discovery) -> CodeFlow:
        takes_basic = "client_secret_basic" in discovery.token_endpoint_auth_methods_supported
        return CodeFlow(
            self._client_id,
            self._client_secret,
            discovery.authorization_endpoint.partition("?")[0],
            discovery.token_endpoint,
            base_scopes=_SCOPES,
            token_endpoint_auth_method="client_secret_basic" if takes_basic else "client_secret_post",
        )
