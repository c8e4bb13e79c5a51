"""An authenticator and the browser around it, as far as a relying party can tell."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ES256 = -7
_PRESENT, _VERIFIED, _BACKUP_ELIGIBLE, _BACKED_UP, _ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class StoredKey:
    rp_id: str
    user_handle: bytes
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private_key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    sign_count: int = 0


@dataclass
class Authenticator:
    """Responds to a relying party's options, shown by a browser at `origin`, with the JSON that a browser sends.

    Everything but `origin` is a way to misbehave: what is not None is used in place of the right value.
    """

    origin: str
    verifies_user: bool = True
    sees_user: bool = True
    is_backed_up: bool = False
    is_framed: bool = False
    # Many passkeys do not count; they always say 0.
    counts: bool = True
    challenge: bytes | None = None
    rp_id: str | None = None
    private_key: EllipticCurvePrivateKey | None = None
    keys: list[StoredKey] = field(default_factory=list)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The result of `navigator.credentials.create`. Raises `LookupError` if a key is among those excluded."""
        excluded = {decode(descriptor["id"]) for descriptor in options["excludeCredentials"]}
        if any(key.credential_id in excluded for key in self.keys):
            raise LookupError("InvalidStateError")
        key = StoredKey(rp_id=options["rp"]["id"], user_handle=decode(options["user"]["id"]))
        self.keys.append(key)
        data = self._authenticator_data(key, _attested(key))
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options),
            "attestationObject": encode(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "authenticatorData": encode(data),
            "publicKey": encode(_spki(key.private_key)),
            "publicKeyAlgorithm": ES256,
            "transports": ["internal", "hybrid"],
        }
        return _credential(key, response)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """The result of `navigator.credentials.get`, with the newest suitable key.

        Raises `LookupError` if there is none.
        """
        key = self._key_for(options)
        key.sign_count += self.counts
        client_data = self._client_data("webauthn.get", options)
        data = self._authenticator_data(key)
        signed = data + hashlib.sha256(decode(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": encode(data),
            "signature": encode((self.private_key or key.private_key).sign(signed, ECDSA(SHA256()))),
            "userHandle": encode(key.user_handle),
        }
        return _credential(key, response)

    def _key_for(self, options: dict[str, Any]) -> StoredKey:
        allowed = {decode(descriptor["id"]) for descriptor in options["allowCredentials"]}
        for key in reversed(self.keys):
            if key.rp_id == options["rpId"] and (not allowed or key.credential_id in allowed):
                return key
        raise LookupError("NotAllowedError")

    def _client_data(self, kind: str, options: dict[str, Any]) -> str:
        challenge = options["challenge"] if self.challenge is None else encode(self.challenge)
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.is_framed}
        return encode(json.dumps(data).encode())

    def _authenticator_data(self, key: StoredKey, attested: bytes = b"") -> bytes:
        rp_id_hash = hashlib.sha256((self.rp_id or key.rp_id).encode()).digest()
        flags = (
            _PRESENT * self.sees_user
            | _VERIFIED * self.verifies_user
            | (_BACKUP_ELIGIBLE | _BACKED_UP) * self.is_backed_up
            | _ATTESTED * bool(attested)
        )
        return rp_id_hash + bytes([flags]) + key.sign_count.to_bytes(4, "big") + attested


def encode(data: bytes) -> str:
    """Base64 as WebAuthn writes it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cose_key(private_key: EllipticCurvePrivateKey) -> bytes:
    """The public half as authenticators encode it (RFC 9053: kty EC2, alg ES256, crv P-256, x, y)."""
    numbers = private_key.public_key().public_numbers()
    return cbor2.dumps({1: 2, 3: ES256, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})


def _attested(key: StoredKey) -> bytes:
    aaguid = bytes(16)
    return aaguid + len(key.credential_id).to_bytes(2, "big") + key.credential_id + cose_key(key.private_key)


def _spki(private_key: EllipticCurvePrivateKey) -> bytes:
    return private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _credential(key: StoredKey, response: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": encode(key.credential_id),
        "rawId": encode(key.credential_id),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": response,
    }
