"""The mails that the blog has written, and mailers to send them with."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from app.accounts.requested_mails import MAIL_REQUEST
from app.mail.messages import Message
from app.mail.outbox import MAIL
from app.queue.errors import JobRefused, ServiceUnreachable
from app.queue.models import Job
from tests.support.jobs import run_due


@dataclass(frozen=True)
class WaitingMail(Message):
    """A mail that has not left, and the job that is to send it."""

    created_at: datetime
    run_at: datetime | None
    attempts: int
    last_error: str | None


async def mails_waiting(app: FastAPI) -> list[WaitingMail]:
    """The mails that have not left, oldest first, after carrying out pending mail requests."""
    await run_due(app, MAIL_REQUEST)
    async with app.state.database.reading() as session:
        jobs = await session.scalars(select(Job).where(Job.kind == MAIL.name).order_by(Job.id))
        return [WaitingMail(**job.payload, **_state(job)) for job in jobs]


def _state(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in ("created_at", "run_at", "attempts", "last_error")}


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
    keys: list[str] = field(default_factory=list)

    async def send(self, message: Message, key: str) -> None:
        self.sent.append(message)
        self.keys.append(key)


@dataclass
class RefusingMailer:
    """A mail server that refuses everything, temporarily or for good."""

    is_final: bool = False

    async def send(self, message: Message, key: str) -> None:
        raise JobRefused(f"no mail for {message.recipient}", is_final=self.is_final)


@dataclass
class AwayMailer:
    """A mail server that is unreachable."""

    tries: int = 0

    async def send(self, message: Message, key: str) -> None:
        self.tries += 1
        raise ServiceUnreachable(f"nobody takes a mail for {message.recipient}")
