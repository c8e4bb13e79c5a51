"""Passwords: which are good enough, and hashing them without keeping everybody else waiting."""

from functools import cache

import anyio
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.errors import WeakPassword

MIN_LENGTH = 10
MAX_LENGTH = 256
# Hashing is meant to be slow and large (some 100 ms and 64 MiB each); more at once would only slow all of them down.
_AT_ONCE = 2
_DIFFERENT_CHARACTERS = 3
# The hash that belongs to no password.
UNUSABLE = "!"


def check_password(password: str, *, email: str, username: str, field: str = "password") -> None:
    """Raise `WeakPassword` unless the password has 10 to 256 characters and is not easily guessed."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword(f"Use {MIN_LENGTH} to {MAX_LENGTH} characters.", field=field)
    folded = password.casefold()
    if folded in {email.casefold(), email.casefold().partition("@")[0], username.casefold()}:
        raise WeakPassword("The password must not be your e-mail address or username.", field=field)
    if len(set(folded)) < _DIFFERENT_CHARACTERS or folded in _common_passwords():
        raise WeakPassword("This password is among the first that anybody would try.", field=field)


@cache
def _common_passwords() -> frozenset[str]:
    # Loaded on first use: the lists hold all the dictionaries of zxcvbn and take a moment.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_LENGTH)


class PasswordHasher:
    """Argon2id in a thread, so that the event loop goes on answering."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        self._stand_in: str | None = None

    async def hash(self, password: str) -> str:
        return await anyio.to_thread.run_sync(self._hash.hash, password, limiter=self._limiter)

    async def verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Whether the password is right, and a new hash when the old one was made with other parameters.

        Without a hash to compare with it takes as long and says no, so that the time does not tell who has an account.
        """
        if hashed is None or hashed == UNUSABLE:
            self._stand_in = self._stand_in or await self.hash("nobody has this password")
            await self._compare(password, self._stand_in)
            return False, None
        return await self._compare(password, hashed)

    async def _compare(self, password: str, hashed: str) -> tuple[bool, str | None]:
        return await anyio.to_thread.run_sync(self._hash.verify_and_update, password, hashed, limiter=self._limiter)
