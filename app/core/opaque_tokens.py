"""Random tokens, of which only a digest is stored: whoever reads the database cannot use them."""

import hashlib
import secrets

_BYTES = 32


def new_token(prefix: str) -> str:
    """A token of 256 random bits; secret scanners find it by its prefix."""
    return f"{prefix}_{secrets.token_urlsafe(_BYTES)}"


def digest_of(token: str) -> str:
    """What is stored of a token. Nothing can be guessed from it: unlike a password, a token is random throughout."""
    return hashlib.sha256(token.encode()).hexdigest()
