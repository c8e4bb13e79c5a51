"""Signed tokens (JWT): their subject and lifetime are part of them and cannot be changed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import jwt
from pydantic import SecretStr

from app.core import clock

ALGORITHM = "HS256"
ISSUER = "colophon"
# How far the clock of another server may be ahead of this one's, or this one's have been when it was set.
CLOCK_SKEW = timedelta(minutes=1)
_REQUIRED = ["iss", "aud", "exp", "iat"]


class BadToken(Exception):
    """The token is forged, expired, or meant for something else."""


class SignedTokens:
    """Tokens for one audience. The first secret signs; tokens signed with older ones are still accepted."""

    def __init__(self, secrets: Sequence[SecretStr], audience: str) -> None:
        self._secrets = [secret.get_secret_value() for secret in secrets]
        self._audience = audience

    def sign(self, lifetime: timedelta, **claims: Any) -> str:
        now = clock.now()
        standard = {"iss": ISSUER, "aud": self._audience, "iat": now, "exp": now + lifetime}
        return jwt.encode({**claims, **standard}, self._secrets[0], ALGORITHM)

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token. Raises `BadToken`."""
        for secret in self._secrets:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    secret,
                    algorithms=[ALGORITHM],
                    audience=self._audience,
                    issuer=ISSUER,
                    # See below: the library knows one tolerance only, which would make all tokens last longer too.
                    options={"require": _REQUIRED, "verify_iat": False},
                )
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError) as error:
                raise BadToken from error
            _refuse_the_future(claims["iat"])
            return claims
        raise BadToken


def _refuse_the_future(issued_at: object) -> None:
    """Refuse tokens issued in the future, beyond any plausible clock skew."""
    if not isinstance(issued_at, (int, float)) or issued_at > (clock.now() + CLOCK_SKEW).timestamp():
        raise BadToken
