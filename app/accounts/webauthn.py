"""Passkeys (WebAuthn): the options for a browser, and the verification of its response.

Responses come from outside and may contain anything: what is not exactly right raises `InvalidPasskey`.
The authenticator always verifies the user (by PIN, fingerprint or face), so a passkey alone counts as two factors.
"""
# ruff: noqa: PLC0415 -- importing webauthn takes 0.2 seconds, which only those who use passkeys should wait for

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.accounts.errors import InvalidPasskey

if TYPE_CHECKING:
    from webauthn.helpers.structs import (
        PublicKeyCredentialCreationOptions,
        PublicKeyCredentialDescriptor,
        PublicKeyCredentialRequestOptions,
    )

# How long a browser waits for its user, and so how long a challenge is good for.
CHALLENGE_TTL = timedelta(minutes=5)
# An answer with a chain of certificates has some 12,000 characters.
_MAX_LENGTH = 64 * 1024
_MAX_CREDENTIAL_ID_LENGTH = 1023
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class NewPasskey:
    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]
    is_backed_up: bool


@dataclass(frozen=True)
class Assertion:
    """Store `sign_count` and `is_backed_up` with the passkey; `user_handle` is the account it was created for."""

    sign_count: int
    is_backed_up: bool
    user_verified: bool
    user_handle: bytes | None


@dataclass(frozen=True)
class RelyingParty:
    """The site that passkeys are created for: `id` is its domain, `origins` those of the pages that may use them."""

    id: str
    name: str
    origins: list[str]

    def creation_options(
        self, challenge: bytes, user_handle: bytes, username: str, display_name: str, exclude: Sequence[bytes]
    ) -> dict[str, Any]:
        """The options for `navigator.credentials.create`, as JSON; `exclude` holds the account's existing passkeys."""
        from webauthn import generate_registration_options
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        options = generate_registration_options(
            rp_id=self.id,
            rp_name=self.name,
            user_id=user_handle,
            user_name=username,
            user_display_name=display_name,
            challenge=challenge,
            timeout=_milliseconds(CHALLENGE_TTL),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(exclude),
        )
        return _as_json(options)

    def request_options(self, challenge: bytes, allow: Sequence[bytes]) -> dict[str, Any]:
        """The options for `navigator.credentials.get`, as JSON; without `allow` the user chooses a passkey."""
        from webauthn import generate_authentication_options
        from webauthn.helpers.structs import UserVerificationRequirement

        options = generate_authentication_options(
            rp_id=self.id,
            challenge=challenge,
            timeout=_milliseconds(CHALLENGE_TTL),
            allow_credentials=_descriptors(allow),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _as_json(options)

    def verify_creation(self, credential: dict[str, Any], challenge: bytes) -> NewPasskey:
        """The passkey that was created. Raises `InvalidPasskey` unless it responds to `challenge`, for this site."""
        from webauthn import verify_registration_response
        from webauthn.helpers import parse_registration_credential_json

        with _refusing(credential):
            response = parse_registration_credential_json(credential)
            _require_top_frame(response.response.client_data_json)
            verified = verify_registration_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self.origins,
                require_user_verification=True,
            )
            _require_credential_id(verified.credential_id, response.raw_id)
            _require_key(verified.credential_public_key)
            return NewPasskey(
                credential_id=verified.credential_id,
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
                transports=list(dict.fromkeys(transport.value for transport in response.response.transports or ())),
                is_backed_up=verified.credential_backed_up,
            )

    def verify_assertion(
        self, credential: dict[str, Any], challenge: bytes, public_key: bytes, sign_count: int
    ) -> Assertion:
        """Raises `InvalidPasskey` unless this key signed `challenge` for this site, and only once.

        The caller has found the key by `credential_id_of`, and checks that `user_handle`, if given, is its owner's.
        """
        from webauthn import verify_authentication_response
        from webauthn.helpers import parse_authentication_credential_json

        with _refusing(credential):
            response = parse_authentication_credential_json(credential)
            _require_top_frame(response.response.client_data_json)
            verified = verify_authentication_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self.origins,
                credential_public_key=public_key,
                credential_current_sign_count=sign_count,
                require_user_verification=True,
            )
            return Assertion(
                sign_count=verified.new_sign_count,
                is_backed_up=verified.credential_backed_up,
                user_verified=verified.user_verified,
                user_handle=response.response.user_handle,
            )


def relying_party(site_name: str, frontend_url: str, origins: Sequence[str]) -> RelyingParty:
    """The relying party with pages at `frontend_url` and at `origins`, written as browsers do; "*" is left out.

    Raises `ValueError` if `frontend_url` has no valid host.
    """
    every = dict.fromkeys([_origin(frontend_url), *origins])
    return RelyingParty(id=_domain(frontend_url), name=site_name, origins=[origin for origin in every if origin != "*"])


def credential_id_of(credential: dict[str, Any]) -> bytes:
    """The id of the passkey that the response claims to be from. Nothing is verified yet. Raises `InvalidPasskey`."""
    with _refusing(credential):
        return _decode(credential["id"])


def challenge_of(credential: dict[str, Any]) -> bytes:
    """The challenge that the response claims to be for. Nothing is verified yet. Raises `InvalidPasskey`."""
    with _refusing(credential):
        return _decode(json.loads(_decode(credential["response"]["clientDataJSON"]))["challenge"])


@contextmanager
def _refusing(credential: dict[str, Any]) -> Iterator[None]:
    """Turn any error inside into `InvalidPasskey`: `credential` is to blame."""
    try:
        _require_size(credential)
        yield
    except InvalidPasskey:
        raise
    # The parsers of JSON, base64, CBOR, certificates and keys below this all fail in their own ways.
    except Exception as error:
        raise InvalidPasskey from error


def _require_size(credential: dict[str, Any]) -> None:
    if len(json.dumps(credential)) > _MAX_LENGTH:
        raise InvalidPasskey


def _require_top_frame(client_data: bytes) -> None:
    # A page that shows ours in a frame could have the user confirm what they do not see.
    if json.loads(client_data).get("crossOrigin"):
        raise InvalidPasskey


def _require_credential_id(attested: bytes, claimed: bytes) -> None:
    if attested != claimed or len(attested) > _MAX_CREDENTIAL_ID_LENGTH:
        raise InvalidPasskey


def _require_key(public_key: bytes) -> None:
    """Refuse an invalid public key now rather than at the first login."""
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography

    decoded_public_key_to_cryptography(decode_credential_public_key(public_key))


def _as_json(options: "PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions") -> dict[str, Any]:
    from webauthn.helpers import options_to_json

    # By way of text, as otherwise members of enumerations stay in it.
    plain: dict[str, Any] = json.loads(options_to_json(options))
    return plain


def _descriptors(credential_ids: Sequence[bytes]) -> list["PublicKeyCredentialDescriptor"]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in credential_ids]


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def _domain(url: str) -> str:
    """The host as browsers write it."""
    host = urlsplit(url).hostname
    if not host:
        raise ValueError(f"{url} has no host")
    return host.encode("idna").decode()


def _origin(url: str) -> str:
    """The origin as browsers write it."""
    parts, domain = urlsplit(url), _domain(url)
    host = f"[{domain}]" if ":" in domain else domain
    is_default = parts.port in {None, _DEFAULT_PORTS[parts.scheme]}
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{parts.port}"
