"""Random tokens, of which only a digest is stored: reading the database does not allow using them."""

import hashlib
import secrets

_BYTES = 32


def new_token(prefix: str) -> str:
    """A token of 256 random bits; its prefix lets secret scanners find it."""
    return f"{prefix}_{secrets.token_urlsafe(_BYTES)}"


def digest_of(token: str) -> str:
    """The digest to store. It cannot be reversed by guessing: unlike a password, a token is entirely random."""
    return hashlib.sha256(token.encode()).hexdigest()
