"""The mails that the blog has written, and mailers to send them with."""

import re
from dataclasses import dataclass, field

from fastapi import FastAPI
from sqlalchemy import select

from app.mail.errors import MailRefused, ServerUnreachable
from app.mail.messages import Message
from app.mail.models import OutboxMail
from app.workers.mail_requests import MailRequestWorker


async def mails_waiting(app: FastAPI) -> list[OutboxMail]:
    """The mails in the outbox, oldest first, after carrying out pending mail requests."""
    await MailRequestWorker(app.state.database, app.state.process).carry_out_pending()
    async with app.state.database.reading() as session:
        return list(await session.scalars(select(OutboxMail).order_by(OutboxMail.id)))


async def mailed_token(app: FastAPI) -> str:
    """The token in the link of the newest mail."""
    return token_in((await mails_waiting(app))[-1].text)


def token_in(text: str) -> str:
    found = re.search(r"\?token=(\S+)", text)
    assert found, text
    return found[1]


@dataclass
class RecordingMailer:
    """Keeps the mails that it is given."""

    sent: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.sent.append(message)


@dataclass
class RefusingMailer:
    """A mail server that refuses everything, temporarily or for good."""

    is_final: bool = False

    async def send(self, message: Message) -> None:
        raise MailRefused(f"no mail for {message.recipient}", is_final=self.is_final)


@dataclass
class AwayMailer:
    """A mail server that is unreachable."""

    tries: int = 0

    async def send(self, message: Message) -> None:
        self.tries += 1
        raise ServerUnreachable(f"nobody takes a mail for {message.recipient}")
