"""Signed tokens (JWT): whom they are for and how long they last is in them and cannot be changed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import jwt
from pydantic import SecretStr

from app.core import clock

ALGORITHM = "HS256"
ISSUER = "colophon"
_REQUIRED = ["iss", "aud", "exp", "iat"]


class BadToken(Exception):
    """The token is forged, expired, or meant for something else."""


class SignedTokens:
    """Tokens for one audience. The first secret signs; what an older one signed is still read."""

    def __init__(self, secrets: Sequence[SecretStr], audience: str) -> None:
        self._secrets = [secret.get_secret_value() for secret in secrets]
        self._audience = audience

    def sign(self, lifetime: timedelta, **claims: Any) -> str:
        now = clock.now()
        standard = {"iss": ISSUER, "aud": self._audience, "iat": now, "exp": now + lifetime}
        return jwt.encode({**claims, **standard}, self._secrets[0], ALGORITHM)

    def read(self, token: str) -> dict[str, Any]:
        """What a token says. Raises `BadToken`."""
        for secret in self._secrets:
            try:
                return jwt.decode(
                    token,
                    secret,
                    algorithms=[ALGORITHM],
                    audience=self._audience,
                    issuer=ISSUER,
                    options={"require": _REQUIRED},
                )
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError) as error:
                raise BadToken from error
        raise BadToken
