"""Encryption of short texts that the database stores but must not be able to read."""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# Whatever else the secrets are used for, the keys made of them for this are different ones.
_PURPOSE = b"colophon: texts in the database, 1"
_KEY_LENGTH = 32


class Undecryptable(ValueError):
    """The text was encrypted with none of the secrets, or is not a ciphertext."""


class Cipher:
    """Encrypts with the first of `secrets` and decrypts with any; the keys are derived once, here."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_key(secret)) for secret in secrets])

    def encrypt(self, text: str) -> str:
        """The ciphertext to store. It differs each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, text: str) -> str:
        """The plain text. Raises `Undecryptable` if no secret fits."""
        try:
            return self._fernet.decrypt(text.encode()).decode()
        except (InvalidToken, ValueError) as error:
            raise Undecryptable("none of the secrets can decrypt this") from error

    def renew(self, text: str) -> str:
        """Re-encrypt with the first secret, so that older ones can be removed. Raises `Undecryptable`."""
        return self.encrypt(self.decrypt(text))


def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=_KEY_LENGTH, salt=None, info=_PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
