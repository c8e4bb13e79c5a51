"""A Redis of the tests' own, which may be stopped and frozen."""

import asyncio
import signal
import subprocess
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.process.processes import free_port


class RedisServer:
    def __init__(self, program: str) -> None:
        self._program = program
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start empty, as after a crash, and return once it answers."""
        self._process = self._launched()
        deadline = time.monotonic() + 10
        while not await self._answers():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    def _launched(self) -> "subprocess.Popen[bytes]":
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        return subprocess.Popen(
            [self._program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
        )

    async def keys(self) -> int:
        """How many there are."""
        async with Redis.from_url(self.url) as client:
            return int(await client.dbsize())

    def stop(self) -> None:
        self._send(signal.SIGTERM)
        self.process.wait(10)

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def remove(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._send(signal.SIGKILL)
            self._process.wait(10)

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    def _send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def _answers(self) -> bool:
        try:
            async with Redis.from_url(self.url) as client:
                return bool(await client.ping())
        except RedisError:
            return False
