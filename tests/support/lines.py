"""Connections to a server on which tests can cause outages."""

import asyncio
from typing import Self

HOST = "127.0.0.1"


class Line:
    """A proxied connection to a server that can be cut, restored and silenced."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.silent = False
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._serving: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_error: object) -> None:
        # A connection that is left open keeps uvloop from ever closing.
        await self.cut()

    async def mend(self) -> None:
        self.silent = False
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._serving)

    async def fall_silent(self) -> None:
        self.silent = True

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        if self.silent:
            await reader.read()
            return
        responses, questions = await asyncio.open_connection(*self._target)
        self._writers.append(questions)
        await asyncio.gather(self._pass_on(reader, questions), self._pass_on(responses, writer))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while content := await source.read(2**16):
            if not self.silent:
                target.write(content)
        target.close()
