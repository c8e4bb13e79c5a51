"""GitHub, which supports OAuth 2 but not OpenID Connect: the user's identity comes from its API."""

from pydantic import BaseModel, Field, RootModel, StrictBool, StrictInt

from app.accounts.identities.http import connect, fetch
from app.accounts.identities.identity import Identity, UsableEmail, UsableName
from app.accounts.identities.oauth import CodeFlow

SITE = "https://github.com"
API = "https://api.github.com"
_SCOPES = ["user:email"]


class _User(BaseModel):
    id: StrictInt = Field(gt=0)
    login: UsableName = None
    name: UsableName = None


class _Email(BaseModel):
    email: UsableEmail
    primary: StrictBool
    verified: StrictBool


class _Emails(RootModel[list[_Email]]):
    def primary(self) -> _Email | None:
        return next((email for email in self.root if email.primary), None)


class GitHubProvider:
    def __init__(self, name: str, client_id: str, client_secret: str) -> None:
        self._name = name
        self._flow = CodeFlow(
            client_id,
            client_secret,
            f"{SITE}/login/oauth/authorize",
            f"{SITE}/login/oauth/access_token",
            base_scopes=_SCOPES,
        )

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, code_verifier: str) -> str:
        """The URL to send the user to. The nonce is not used: there is no ID token for it to come back in."""
        return await self._flow.authorization_url(redirect_uri=redirect_uri, state=state, code_verifier=code_verifier)

    async def identity(self, *, code: str, redirect_uri: str, nonce: str, code_verifier: str) -> Identity:
        """The identity of the user who came back with this code. Raises `UnusableResponse`."""
        tokens = await self._flow.exchange(code=code, redirect_uri=redirect_uri, code_verifier=code_verifier)
        async with connect() as client:
            user = await fetch(client, f"{API}/user", _User, access_token=tokens.access_token)
            emails = await fetch(client, f"{API}/user/emails", _Emails, access_token=tokens.access_token)
        found = emails.primary()
        email = found.email if found else None
        return Identity(
            provider=self._name,
            subject=str(user.id),
            email=email,
            is_email_verified=found is not None and email is not None and found.verified,
            display_name=user.name or user.login,
        )
