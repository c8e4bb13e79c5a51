"""The outbox: mails are decided on in a transaction and sent after it, so none is lost or sent needlessly."""

import asyncio
import logging
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.background import repeat
from app.core.circuit_breaker import CircuitBreaker
from app.db.session import Database, changed_a_row
from app.mail.errors import DeliveryError, MailRefused, ServerUnreachable
from app.mail.mailer import SEND_TIMEOUT_SECONDS, Mailer
from app.mail.messages import Message
from app.mail.models import OutboxMail

MAX_ATTEMPTS = 12
# While the mail server is unreachable, attempts are not counted for so long.
GIVE_UP_AFTER = timedelta(days=5)
FAILURES = 3
_PAUSE_SECONDS = 5.0
_MAX_PAUSE_SECONDS = 300.0
_POLL_SECONDS = 1.0
_BATCH = 10
_FIRST_DELAY = timedelta(seconds=15)
_MAX_DELAY = timedelta(hours=2)
# While one worker sends a mail no other takes it; if it dies meanwhile, another does after this time.
_LEASE = timedelta(minutes=5)
_ERROR_LENGTH = 1000
_log = logging.getLogger(__name__)


class Outbox:
    """Stores the mails of a unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def put(self, message: Message) -> None:
        """Have a mail sent once the transaction has committed."""
        self._session.add(
            OutboxMail(recipient=message.recipient, subject=message.subject, text=message.text, html=message.html)
        )


def delay_after(attempts: int) -> timedelta:
    """How long to wait after this many failures: twice as long each time, up to two hours."""
    return min(_FIRST_DELAY * (1 << (attempts - 1)), _MAX_DELAY)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Which mails to try. A mail postponed for longer than the longest delay is due too: the clock was wrong."""
    return or_(OutboxMail.next_attempt_at <= now, OutboxMail.next_attempt_at > now + 2 * _MAX_DELAY)


class OutboxWorker:
    """Sends the mails in the outbox while the app runs; any number of workers may run, on any number of servers."""

    def __init__(self, database: Database, mailer: Mailer) -> None:
        self._database = database
        self._mailer = mailer
        self._breaker = CircuitBreaker(
            "the mail server",
            failures=FAILURES,
            pause=_PAUSE_SECONDS,
            max_pause=_MAX_PAUSE_SECONDS,
            attempt_timeout=SEND_TIMEOUT_SECONDS,
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop, then finish what is in progress. Waits while the database is unreachable."""
        await repeat("sending mails", self.send_due, _POLL_SECONDS, stopping)

    async def send_due(self) -> bool:
        """Try each due mail once; returns whether there were any. An unreachable mail server is left alone."""
        if self._breaker.seconds_left:
            return False
        mails = await self._claim(clock.now(), 1 if self._breaker.is_open else _BATCH)
        if mails:
            self._breaker.begin_attempt()
        await asyncio.gather(*(self._send(mail) for mail in mails))
        return bool(mails)

    async def _claim(self, now: datetime, number: int) -> list[OutboxMail]:
        if not await self._anything_due(now):
            return []
        # Those that were put off come last: none that fails again and again keeps the others waiting.
        due = select(OutboxMail).where(is_due(now)).order_by(OutboxMail.next_attempt_at, OutboxMail.id).limit(number)
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
            return await session.scalar(select(OutboxMail.id).where(is_due(now)).limit(1)) is not None

    async def _send(self, mail: OutboxMail) -> None:
        try:
            await self._mailer.send(Message(mail.recipient, mail.subject, mail.text, mail.html))
        except ServerUnreachable as error:
            self._breaker.failed(error)
            # Once it is clear that no mail would get through, this one is not to blame.
            is_blameless = self._breaker.is_open and clock.now() - mail.created_at < GIVE_UP_AFTER
            await self._postpone(mail, error, mail.attempts - 1 if is_blameless else mail.attempts)
        except MailRefused as error:
            self._breaker.succeeded()
            await self._postpone(mail, error, mail.attempts, is_final=error.is_final)
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail stays and is tried again
            await self._postpone(mail, error, mail.attempts)
        except asyncio.CancelledError:
            # The app ends, and whoever sends mails next need not wait for the lease to end.
            await self._change(mail, next_attempt_at=clock.now())
            raise
        else:
            self._breaker.succeeded()
            async with self._database.writing() as session:
                await session.execute(delete(OutboxMail).where(OutboxMail.id == mail.id))
                await session.commit()

    async def _postpone(self, mail: OutboxMail, error: Exception, attempts: int, *, is_final: bool = False) -> None:
        given_up = is_final or attempts >= MAX_ATTEMPTS
        pause = max(delay_after(max(1, attempts)), timedelta(seconds=self._breaker.seconds_left))
        next_attempt = None if given_up else clock.now() + pause
        _log.log(
            logging.ERROR if given_up else logging.WARNING,
            "mail %d could not be sent (attempt %d of %d, %s): %s",
            mail.id,
            mail.attempts,
            MAX_ATTEMPTS,
            "given up" if given_up else f"next at {next_attempt:%H:%M:%S}",
            type(error.__cause__ or error).__name__,
        )
        reason = str(error) if isinstance(error, DeliveryError) else f"{type(error).__name__}: {error}"
        await self._change(mail, attempts=attempts, next_attempt_at=next_attempt, last_error=reason[:_ERROR_LENGTH])

    async def _change(self, mail: OutboxMail, **values: object) -> None:
        # Unless its lease has ended and another worker has it.
        mine = update(OutboxMail).where(OutboxMail.id == mail.id, OutboxMail.next_attempt_at == mail.next_attempt_at)
        async with self._database.writing() as session:
            if not await changed_a_row(session, mine.values(**values)):
                _log.warning("mail %d took so long that another worker has it now", mail.id)
            await session.commit()
