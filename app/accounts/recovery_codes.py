"""Recovery codes, used in place of a lost second factor."""

import base64
import hashlib
import secrets

_BYTES = 15
_GROUP = 6


def new_codes(count: int = 10) -> list[str]:
    """Codes of 120 bits each, like `abcdef-ghijkl-mnopqr-stuvwx`."""
    return [_new_code() for _ in range(count)]


def digest(code: str) -> str:
    """The digest to store a code as and look it up by. Case, spaces and dashes do not matter."""
    # Nobody can try out 120 bits, so a plain hash is enough, and one that can be looked up.
    return hashlib.sha256(_letters_and_digits(code).encode()).hexdigest()


def _new_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def _letters_and_digits(code: str) -> str:
    # Word processors write other dashes and spaces than those that were printed.
    return "".join(character for character in code.lower() if character.isascii() and character.isalnum())
