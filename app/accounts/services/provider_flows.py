"""Sending people to a provider and taking them back, with nothing remembered here meanwhile.

All that has to be known when they come back follows from the flow token, which only the client has that sent them away.
An address to come back to that somebody else made up is therefore worth nothing: whoever follows it has no flow token
for it. Nobody but the provider knows which codes were used; as codes work once, a flow ends with its code.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta

from app.accounts.errors import ProviderFailed, UnknownProvider
from app.accounts.identities.identity import Identity
from app.accounts.identities.providers import IdentityProviders
from app.accounts.schemas.providers import AuthorizationInput, AuthorizationOut
from app.core.config import Settings
from app.core.signed_tokens import BadToken, SignedTokens

FLOW_TTL = timedelta(minutes=10)
_BYTES = 32


class ProviderFlows:
    """`purpose` says what, and for whom, a flow is good; one that was begun for something else is refused."""

    def __init__(self, settings: Settings, identities: IdentityProviders) -> None:
        self._frontend_url = settings.frontend_url
        self._signed = SignedTokens(settings.access_secret_key, "colophon:provider-flow")
        self._identities = identities

    def names(self) -> list[str]:
        """The providers that are offered."""
        return self._identities.names()

    async def begin(self, provider: str, purpose: str) -> AuthorizationOut:
        """Where to send somebody. Raises `UnknownProvider` or `ProviderFailed`."""
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

    async def finish(self, provider: str, purpose: str, answer: AuthorizationInput) -> Identity:
        """Who came back. Raises `UnknownProvider` or `ProviderFailed`.

        It asks the provider, which may take seconds: no connection to the database must be held.
        """
        if provider not in self.names():
            raise UnknownProvider
        self._require_own(provider, purpose, answer)
        return await self._identities.identity(
            provider,
            code=answer.code,
            redirect_uri=self._redirect_uri(provider),
            nonce=_derived(answer.flow_token, "nonce"),
            code_verifier=_derived(answer.flow_token, "code verifier"),
        )

    def _require_own(self, provider: str, purpose: str, answer: AuthorizationInput) -> None:
        """Raise `ProviderFailed` unless the flow was begun here, for this, not long ago and by this client."""
        try:
            claims = self._signed.read(answer.flow_token)
        except BadToken:
            raise ProviderFailed("The sign-in has expired or was not started here. Start again.") from None
        if (claims.get("provider"), claims.get("purpose")) != (provider, purpose):
            raise ProviderFailed("This sign-in was started for a different purpose. Start again.")
        if not hmac.compare_digest(_derived(answer.flow_token, "state").encode(), answer.state.encode()):
            raise ProviderFailed("The response belongs to another sign-in attempt. Start again.")

    def _redirect_uri(self, provider: str) -> str:
        # Never the client's choice: codes are sent there.
        return f"{self._frontend_url}/sign-in/{provider}"


def _derived(flow_token: str, what: str) -> str:
    """A value that nobody knows without the flow token, and that tells nothing about the token or the other values.

    The token is signed with a key of the server and random besides. Keyed with it alone, what was sent away with one
    server key is still known when another has taken its place.
    """
    return urlsafe_b64encode(hmac.digest(flow_token.encode(), what.encode(), "sha256")).rstrip(b"=").decode()
