"""The strength check of new passwords."""

import re

import anyio.to_thread

from app.accounts.errors import WeakPassword
from app.core.passwords import MAX_LENGTH, MIN_LENGTH, has_valid_length, normalised

# More than somebody can try over the network.
_MIN_GUESSES = 1_000_000
_ESTIMATED_LENGTH = 24


async def check_password(password: str, *, email: str, username: str, field: str = "password") -> None:
    """Raise `WeakPassword` unless the password has 10 to 256 characters and is not easily guessed.

    It is judged, and its characters are counted, in the form in which it is hashed: however it was typed, the verdict
    is the same.
    """
    if not has_valid_length(password):
        raise WeakPassword(f"The password must have {MIN_LENGTH} to {MAX_LENGTH} characters.", field=field)
    password = normalised(password)
    address = normalised(email).casefold()
    own = {address, *re.split(r"[^\w]+", address), username.casefold()}
    if password.casefold() in own:
        raise WeakPassword("The password must not be your email address or username.", field=field)
    if await anyio.to_thread.run_sync(_guesses_needed, password, own) < _MIN_GUESSES:
        raise WeakPassword("This password is too easy to guess.", field=field)


def _guesses_needed(password: str, own_words: set[str]) -> int:
    """How many guesses an attacker needs who knows common passwords, words, names, dates and keyboard patterns."""
    # Loaded on first use: its dictionaries take a moment.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    # Of more characters it would think for seconds about some; those that follow make no password easier to guess.
    estimate = zxcvbn(password[:_ESTIMATED_LENGTH], user_inputs=[word for word in own_words if word])
    return int(estimate["guesses"])
