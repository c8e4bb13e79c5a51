"""The refresh token in a cookie that scripts cannot read, for frontends in browsers."""

from urllib.parse import urlsplit

from fastapi import Request, Response

from app.accounts.errors import InvalidRefreshToken, OriginNotAllowed
from app.accounts.schemas.sessions import RefreshInput, TokensOut
from app.accounts.services.sessions import TokenPair
from app.core.config import Settings

NAME = "colophon_refresh"
_SECONDS_PER_DAY = 24 * 3600


class RefreshCookie:
    """Reads and sets the refresh token cookie of this request."""

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response
        self._settings: Settings = request.app.state.settings

    def token_of(self, data: RefreshInput) -> str:
        """The refresh token in the body, or else in the cookie.

        Raises `InvalidRefreshToken` if there is none, `OriginNotAllowed` if another site's page sent the cookie.
        """
        if data.refresh_token is not None:
            return data.refresh_token
        token = self._request.cookies.get(NAME)
        if token is None or not self._is_enabled:
            raise InvalidRefreshToken
        self._require_own_origin()
        return token

    def deliver(self, pair: TokenPair, *, in_cookie: bool) -> TokensOut:
        """The tokens for the response, with the refresh token in the cookie if that is requested and enabled.

        Raises `OriginNotAllowed`, so that no other site's page can log its visitor in to an account of its choice.
        """
        self._response.headers["Cache-Control"] = "no-store"
        if not (in_cookie and self._is_enabled):
            return TokensOut.model_validate(pair, from_attributes=True)
        self._require_own_origin()
        self._set(pair.refresh_token, self._settings.refresh_token_expire_days * _SECONDS_PER_DAY)
        return TokensOut(access_token=pair.access_token, expires_in=pair.expires_in, refresh_token=None)

    def clear(self) -> None:
        """Make the browser delete the cookie."""
        if self._is_enabled:
            self._set("", 0)

    @property
    def _is_enabled(self) -> bool:
        return self._settings.auth_cookie != "off"

    @property
    def _path(self) -> str:
        """The path of all routes that begin, continue or end a login: the one that refreshes is among them."""
        path = self._request.app.url_path_for("refresh_tokens")
        return f"{self._settings.root_path}{path}".rpartition("/")[0]

    def _set(self, value: str, seconds: int) -> None:
        same_site = self._settings.auth_cookie
        self._response.set_cookie(
            NAME,
            value,
            max_age=seconds,
            path=self._path,
            httponly=True,
            # Browsers take SameSite=None with Secure only.
            secure=same_site == "none" or self._settings.frontend_url.startswith("https:"),
            samesite=same_site if same_site != "off" else "strict",
        )

    def _require_own_origin(self) -> None:
        """Require an allowed `Origin`: browsers send one in every such request, and other clients need no cookie."""
        allowed = {_origin_of(self._settings.frontend_url), *self._settings.cors_origins}
        if self._request.headers.get("Origin") not in allowed:
            raise OriginNotAllowed


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
