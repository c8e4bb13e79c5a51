"""The authorization code flow of OAuth 2, always with PKCE."""

import contextlib
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Annotated, Any

import httpx
from httpx_oauth.oauth2 import OAuth2, OAuth2RequestError
from pydantic import BaseModel, Field

from app.accounts.identities.http import connect, parse, receive

_Token = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]


class Tokens(BaseModel):
    """The tokens that a code is exchanged for; they must not be stored."""

    access_token: _Token
    id_token: _Token | None = None


class CodeFlow(OAuth2):
    """Sends users to a provider, and exchanges the code that they come back with."""

    async def authorization_url(
        self, *, redirect_uri: str, state: str, code_verifier: str, more: dict[str, str] | None = None
    ) -> str:
        return await self.get_authorization_url(
            redirect_uri,
            state,
            code_challenge=_challenge(code_verifier),
            code_challenge_method="S256",
            extras_params=more,
        )

    async def exchange(self, *, code: str, redirect_uri: str, code_verifier: str) -> Tokens:
        """The tokens for a code. Raises `UnusableResponse`."""
        return Tokens.model_validate(await self.get_access_token(code, redirect_uri, code_verifier))

    # Left to itself, httpx-oauth waits, reads and believes without limits.

    def get_httpx_client(self) -> contextlib.AbstractAsyncContextManager[httpx.AsyncClient]:
        return connect()

    async def send_request(
        self,
        client: httpx.AsyncClient,
        request: httpx.Request,
        auth: httpx.Auth | None,
        *,
        exc_class: type[OAuth2RequestError],
    ) -> httpx.Response:
        return await receive(client, request, auth)

    def get_json(self, response: httpx.Response, *, exc_class: type[OAuth2RequestError]) -> dict[str, Any]:
        return parse(Tokens, response).model_dump()


def _challenge(code_verifier: str) -> str:
    return urlsafe_b64encode(sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
