"""The providers that users can sign in with."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from app.accounts.errors import ProviderFailed, UnknownProvider
from app.accounts.identities.github import GitHubProvider
from app.accounts.identities.http import UnusableResponse
from app.accounts.identities.identity import Identity
from app.accounts.identities.openid import OpenIDProvider
from app.core.config import Settings

GOOGLE_ISSUER = "https://accounts.google.com"
_log = logging.getLogger(__name__)


class IdentityProviders:
    """The configured providers. Keep one instance while the app runs: it caches what they publish.

    The caller chooses `state`, `nonce` and `code_verifier`: unguessable, new for each login, and remembered until the
    user comes back, together with the provider and the redirect URI. RFC 7636 requires a verifier of 43 to 128 letters,
    digits, `-` or `_`.
    """

    def __init__(self, settings: Settings) -> None:
        self._providers = _configured(settings)

    def names(self) -> list[str]:
        return list(self._providers)

    async def authorization_url(
        self, provider: str, *, redirect_uri: str, state: str, nonce: str, code_verifier: str
    ) -> str:
        """The URL to send the user to for signing in. Raises `UnknownProvider` or `ProviderFailed`."""
        chosen = self._named(provider)
        with _as_one_failure(provider):
            return await chosen.authorization_url(
                redirect_uri=redirect_uri, state=state, nonce=nonce, code_verifier=code_verifier
            )

    async def identity(
        self, provider: str, *, code: str, redirect_uri: str, nonce: str, code_verifier: str
    ) -> Identity:
        """The identity of the user who came back with this code. Raises `UnknownProvider` or `ProviderFailed`.

        The caller must already have checked that `state` is the one that the user was sent away with.
        """
        chosen = self._named(provider)
        with _as_one_failure(provider):
            return await chosen.identity(code=code, redirect_uri=redirect_uri, nonce=nonce, code_verifier=code_verifier)

    def _named(self, provider: str) -> OpenIDProvider | GitHubProvider:
        try:
            return self._providers[provider]
        except KeyError:
            raise UnknownProvider from None


def _configured(settings: Settings) -> dict[str, OpenIDProvider | GitHubProvider]:
    providers: dict[str, OpenIDProvider | GitHubProvider] = {}
    if settings.google_client_id and settings.google_client_secret:
        secret = settings.google_client_secret.get_secret_value()
        providers["google"] = OpenIDProvider("google", GOOGLE_ISSUER, settings.google_client_id, secret)
    if settings.github_client_id and settings.github_client_secret:
        secret = settings.github_client_secret.get_secret_value()
        providers["github"] = GitHubProvider("github", settings.github_client_id, secret)
    if settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret:
        name, secret = settings.oidc_name, settings.oidc_client_secret.get_secret_value()
        providers[name] = OpenIDProvider(name, settings.oidc_issuer, settings.oidc_client_id, secret)
    return providers


@contextmanager
def _as_one_failure(provider: str) -> Iterator[None]:
    """Turn any failure of a provider into one error for the user; the reason goes to the log."""
    try:
        yield
    except (UnusableResponse, httpx.InvalidURL) as error:
        _log.warning("signing in with %s failed: %s", provider, error)
        # Without the cause: it may quote what must not be written down.
        raise ProviderFailed from None
