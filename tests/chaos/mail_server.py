"""A mail server that can be as unpleasant as real ones."""

import asyncio
from collections import Counter
from email import message_from_bytes
from email.policy import default
from enum import Enum
from typing import Any

from aiosmtpd.smtp import SMTP

from tests.process.processes import free_port


class Mood(Enum):
    ACCEPTING = "accepting"
    # Takes connections and never says a word.
    HANGING = "hanging"
    # Takes no mail at the moment.
    BUSY = "busy"
    # Takes no mail for these recipients, and never will.
    REFUSING_RECIPIENTS = "refusing recipients"


class MailServer:
    """`taken` counts what was accepted by recipient and subject; `sessions` how often somebody came."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mood = Mood.ACCEPTING
        self.taken: Counter[tuple[str, str]] = Counter()
        self.sessions = 0
        self._server: asyncio.Server | None = None
        self._hanging: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._protocol, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """From now on nobody listens; whoever was kept waiting is hung up on."""
        self.hang_up()
        if self._server is not None:
            self._server.close()
            self._server = None

    def hang_up(self) -> None:
        for writer in self._hanging:
            writer.close()
        self._hanging.clear()

    def _protocol(self) -> asyncio.Protocol:
        self.sessions += 1
        if self.mood is Mood.HANGING:
            return asyncio.StreamReaderProtocol(asyncio.StreamReader(), self._keep)
        protocol: asyncio.Protocol = SMTP(self, enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        return protocol

    async def _keep(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._hanging.add(writer)

    # What aiosmtpd calls.

    async def handle_RCPT(  # noqa: N802 - its name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if self.mood is Mood.REFUSING_RECIPIENTS:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - its name
        if self.mood is Mood.BUSY:
            return "451 4.3.0 Try again later"
        subject = str(message_from_bytes(envelope.content, policy=default)["Subject"])
        self.taken.update((recipient, subject) for recipient in envelope.rcpt_tos)
        return "250 OK"
