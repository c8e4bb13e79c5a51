"""Sending users to a provider and taking them back, without storing anything meanwhile.

Everything needed on their return is derived from the flow token, which only the client that sent them away has. A
redirect URL that an attacker made up is therefore worthless: its victim has no flow token for it. Only the provider
knows which codes have been used; as codes work once, a flow ends with its code.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta

from app.accounts.errors import ProviderFailed, UnknownProvider
from app.accounts.identities.identity import Identity
from app.accounts.identities.providers import IdentityProviders
from app.accounts.schemas.providers import AuthorizationInput, AuthorizationOut
from app.core.signed_tokens import BadToken, SignedTokens
from app.unit_of_work import UnitOfWork

FLOW_TTL = timedelta(minutes=10)
_BYTES = 32


class ProviderFlows:
    """`purpose` says what a flow is for, and for whom; a flow begun for another purpose is refused."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._identities = unit.process.share(IdentityProviders)
        self._frontend_url = unit.settings.frontend_url
        self._signed = SignedTokens(unit.settings.access_secret_key, "colophon:provider-flow")

    def names(self) -> list[str]:
        """The names of the configured providers."""
        return self._identities.names()

    async def begin(self, provider: str, purpose: str) -> AuthorizationOut:
        """The URL to send the user to. Raises `UnknownProvider` or `ProviderFailed`."""
        flow_token = self._signed.sign(
            FLOW_TTL, provider=provider, purpose=purpose, secret=secrets.token_urlsafe(_BYTES)
        )
        url = await self._identities.authorization_url(
            provider,
            redirect_uri=self._redirect_uri(provider),
            state=_derived(flow_token, "state"),
            nonce=_derived(flow_token, "nonce"),
            code_verifier=_derived(flow_token, "code verifier"),
        )
        return AuthorizationOut(authorization_url=url, flow_token=flow_token)

    async def finish(self, provider: str, purpose: str, response: AuthorizationInput) -> Identity:
        """The identity of the user who came back. Raises `UnknownProvider` or `ProviderFailed`.

        The request to the provider may take seconds: hold no database connection meanwhile.
        """
        if provider not in self.names():
            raise UnknownProvider
        self._require_own(provider, purpose, response)
        return await self._identities.identity(
            provider,
            code=response.code,
            redirect_uri=self._redirect_uri(provider),
            nonce=_derived(response.flow_token, "nonce"),
            code_verifier=_derived(response.flow_token, "code verifier"),
        )

    def _require_own(self, provider: str, purpose: str, response: AuthorizationInput) -> None:
        """Raise `ProviderFailed` unless the flow was begun here, for this purpose, recently and by this client."""
        try:
            claims = self._signed.read(response.flow_token)
        except BadToken:
            raise ProviderFailed("The sign-in has expired or was not started here. Start again.") from None
        if (claims.get("provider"), claims.get("purpose")) != (provider, purpose):
            raise ProviderFailed("This sign-in was started for a different purpose. Start again.")
        if not hmac.compare_digest(_derived(response.flow_token, "state").encode(), response.state.encode()):
            raise ProviderFailed("The response belongs to another sign-in attempt. Start again.")

    def _redirect_uri(self, provider: str) -> str:
        # Never the client's choice: codes are sent there.
        return f"{self._frontend_url}/sign-in/{provider}"


def _derived(flow_token: str, what: str) -> str:
    """A value that cannot be computed without the flow token and reveals nothing about it or the other values.

    The token is random and signed with a server key. As it is the only key used here, values derived under one server
    key can still be derived after the key has been replaced.
    """
    return urlsafe_b64encode(hmac.digest(flow_token.encode(), what.encode(), "sha256")).rstrip(b"=").decode()
