"""The outbox: mails are decided on inside a transaction and leave after it: none is lost or sent for nothing."""

import asyncio
import logging
from datetime import datetime, timedelta

from sqlalchemy import Executable, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.db.models import OutboxMail
from app.db.session import Database
from app.mail.mailer import Mailer
from app.mail.messages import Message
from app.services.background import repeat

MAX_ATTEMPTS = 12
_POLL_SECONDS = 1.0
_BATCH = 10
_FIRST_DELAY = timedelta(seconds=15)
_LONGEST_DELAY = timedelta(hours=2)
# While one worker sends a mail no other takes it; if it dies meanwhile, another does after this time.
_LEASE = timedelta(minutes=5)
_log = logging.getLogger(__name__)


class Outbox:
    """Where the commands of a request leave their mails."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def put(self, message: Message) -> None:
        """Have a mail sent once the transaction has committed."""
        self._session.add(
            OutboxMail(recipient=message.recipient, subject=message.subject, text=message.text, html=message.html)
        )


def delay_after(attempts: int) -> timedelta:
    """How long to wait after that many failures: twice as long each time, up to two hours."""
    return min(_FIRST_DELAY * (1 << (attempts - 1)), _LONGEST_DELAY)


class OutboxWorker:
    """Sends what is in the outbox, for as long as the app runs."""

    def __init__(self, database: Database, mailer: Mailer) -> None:
        self._database = database
        self._mailer = mailer

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop, then finish what is under way. A database that is away is waited for."""
        await repeat("sending mails", self.send_due, _POLL_SECONDS, stopping)

    async def send_due(self) -> bool:
        """Try each mail that is due once; whether there was any."""
        mails = await self._claim(clock.now())
        await asyncio.gather(*(self._send(mail) for mail in mails))
        return bool(mails)

    async def _claim(self, now: datetime) -> list[OutboxMail]:
        if not await self._anything_due(now):
            return []
        due = select(OutboxMail).where(OutboxMail.next_attempt_at <= now).order_by(OutboxMail.id).limit(_BATCH)
        async with self._database.writing() as session:
            mails = list(await session.scalars(due.with_for_update(skip_locked=True)))
            for mail in mails:
                mail.attempts += 1
                mail.next_attempt_at = now + _LEASE
            await session.commit()
        return mails

    async def _anything_due(self, now: datetime) -> bool:
        # Asked every second: claiming right away would take SQLite's write lock each time.
        async with self._database.reading() as session:
            due = select(OutboxMail.id).where(OutboxMail.next_attempt_at <= now).limit(1)
            return await session.scalar(due) is not None

    async def _send(self, mail: OutboxMail) -> None:
        try:
            await self._mailer.send(Message(mail.recipient, mail.subject, mail.text, mail.html))
        except Exception as error:  # noqa: BLE001 - whatever a mail server does, the mail stays and is tried again
            await self._postpone(mail, error)
        else:
            await self._execute(delete(OutboxMail).where(OutboxMail.id == mail.id))

    async def _postpone(self, mail: OutboxMail, error: Exception) -> None:
        given_up = mail.attempts >= MAX_ATTEMPTS
        next_attempt = None if given_up else clock.now() + delay_after(mail.attempts)
        _log.log(
            logging.ERROR if given_up else logging.WARNING,
            "mail %d could not be sent (attempt %d of %d, %s): %s",
            mail.id,
            mail.attempts,
            MAX_ATTEMPTS,
            "given up" if given_up else f"next at {next_attempt:%H:%M:%S}",
            type(error).__name__,
        )
        await self._execute(
            update(OutboxMail)
            .where(OutboxMail.id == mail.id)
            .values(next_attempt_at=next_attempt, last_error=f"{type(error).__name__}: {error}"[:1000])
        )

    async def _execute(self, statement: Executable) -> None:
        async with self._database.writing() as session:
            await session.execute(statement)
            await session.commit()
