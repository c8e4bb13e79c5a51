"""Hashing passwords, in one form however they are typed, without holding up other requests."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.passwords import normalised

# Hashing is meant to be slow and large (some 100 ms and 64 MiB each); more at once would only slow all of them down.
_MAX_CONCURRENT = 2
# On a scale that ends at 19: a login under load takes longer, and reads do not.
_NICENESS = 15
# The hash that belongs to no password.
UNUSABLE = "!"

T = TypeVar("T")


def _give_way() -> None:
    """Lower the priority of this thread, and of threads it starts, so that it only uses otherwise idle CPU time."""
    if sys.platform == "linux":
        # There, and only there, threads have priorities of their own. A sandbox may forbid it; then they compete.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class PasswordHasher:
    """Hashes with Argon2id in low-priority threads, so that the event loop keeps serving readers."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._threads = ThreadPoolExecutor(_MAX_CONCURRENT, "hashing", initializer=_give_way)
        self._stand_in: str | None = None

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hash.hash, normalised(password))

    async def verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Whether the password is correct, and a new hash if the old one is to be replaced.

        That is one made with other parameters, or before passwords were normalised: those match what was typed then,
        byte by byte. Without a hash to compare with, it takes just as long and returns False, so that timing reveals
        no accounts: how many are computed depends on nothing but the password.
        """
        known = hashed if hashed != UNUSABLE else None
        compared = known or await self._of_nobody()
        form = normalised(password)
        is_right, better = await self._compare(form, compared)
        if not is_right and form != password:
            is_right, _ = await self._compare(password, compared)
            better = await self.hash(form) if is_right else None
        return (True, better) if is_right and known else (False, None)

    async def _of_nobody(self) -> str:
        self._stand_in = self._stand_in or await self.hash("nobody has this password")
        return self._stand_in

    async def _compare(self, password: str, hashed: str) -> tuple[bool, str | None]:
        return await self._in_thread(self._hash.verify_and_update, password, hashed)

    async def _in_thread(self, work: Callable[..., T], *arguments: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
