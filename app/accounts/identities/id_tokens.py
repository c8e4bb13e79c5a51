"""ID tokens: signed statements of an OpenID Connect provider."""

from typing import Any

import jwt
from jwt.types import Options
from pydantic import BaseModel, ValidationError

from app.accounts.identities.http import UnusableResponse
from app.accounts.identities.identity import Subject, UsableEmail, UsableName

# Never "none", nor the symmetric ones: with those, whoever can check a signature can make one.
_ALGORITHMS = ("RS256", "ES256")
_CLOCK_SKEW_SECONDS = 60
_OPTIONS: Options = {"require": ["iss", "sub", "aud", "exp", "iat", "nonce"], "enforce_minimum_key_length": True}


class KeySet(BaseModel):
    """The public keys of a provider."""

    keys: list[dict[str, Any]]


class Person(BaseModel):
    """A person, as described in an ID token or by the userinfo endpoint."""

    sub: Subject
    email: UsableEmail = None
    email_verified: Any = False
    name: UsableName = None

    @property
    def is_email_verified(self) -> bool:
        # Some send the text. Anything else that counts as true in Python was not meant as a yes.
        return self.email is not None and (self.email_verified is True or self.email_verified == "true")


class _Claims(Person):
    aud: str | list[str]
    azp: str | None = None
    nonce: str


def person_in(id_token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str) -> Person:
    """The person that an ID token is about.

    Raises `UnusableResponse` unless this issuer signed it, for this client and this login, and it has not expired.
    """
    try:
        payload = jwt.decode(
            id_token,
            _signing_key(id_token, keys),
            algorithms=_ALGORITHMS,
            audience=client_id,
            issuer=issuer,
            leeway=_CLOCK_SKEW_SECONDS,
            options=_OPTIONS,
        )
        claims = _Claims.model_validate(payload)
    except (jwt.PyJWTError, ValidationError, TypeError) as error:
        raise UnusableResponse(f"the ID token is refused: {type(error).__name__}") from None
    if claims.nonce != nonce:
        raise UnusableResponse("the ID token belongs to another login")
    if not _is_meant_for(client_id, claims):
        raise UnusableResponse("the ID token was issued to another client")
    return claims


def _signing_key(id_token: str, keys: KeySet) -> jwt.PyJWK:
    header = jwt.get_unverified_header(id_token)
    algorithm, key_id = header.get("alg"), header.get("kid")
    fitting = [
        key
        for key in jwt.PyJWKSet(keys.keys)
        if key.algorithm_name == algorithm and key.public_key_use in {None, "sig"} and key_id in {None, key.key_id}
    ]
    if len(fitting) != 1:
        raise jwt.InvalidKeyError
    return fitting[0]


def _is_meant_for(client_id: str, claims: _Claims) -> bool:
    # A token for several clients must say to which of them it was given.
    is_for_several = isinstance(claims.aud, list) and len(claims.aud) > 1
    return claims.azp == client_id or (claims.azp is None and not is_for_several)
