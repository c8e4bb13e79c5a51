"""The unit of work: what a request, a command or a job does to the blog, all of it or nothing."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.log import AuditLog
from app.cache.keys import SurrogateKeys
from app.core.client import Client
from app.core.config import Settings
from app.core.errors import AppError
from app.core.password_hasher import PasswordHasher
from app.core.preconditions import Preconditions
from app.core.rate_limiter import RateLimiter
from app.db.compiled_selects import Rows, SessionRows
from app.events import handlers_of
from app.mail.messages import MessageWriter
from app.mail.notices import NoticeBoard
from app.mail.outbox import Outbox
from app.process import ProcessContext
from app.queue.jobs import Jobs

T = TypeVar("T")


class NoSession(RuntimeError):
    """A public read, which has no session, tried to use one: nobody would close it."""


class UnitOfWork:
    """What services are made of. Whoever opened it commits; services never do.

    Without a session, only what everybody may see can be read, by `rows`.
    """

    def __init__(
        self,
        process: ProcessContext,
        client: Client,
        session: AsyncSession | None = None,
        rows: Rows | None = None,
        surrogate_keys: SurrogateKeys | None = None,
        preconditions: Preconditions | None = None,
    ) -> None:
        """`rows` is where the blog is read; unless given, the session. `surrogate_keys` collects what was shown.

        `preconditions` are those of the request; whatever is none has none.
        """
        self.process = process
        self.client = client
        self.surrogate_keys = surrogate_keys or SurrogateKeys()
        self.preconditions = preconditions or Preconditions()
        self._session = session
        self._rows = rows
        # Something was done by halves.
        self.must_roll_back = False

    @property
    def session(self) -> AsyncSession:
        """The database session, which connects when it is first used. Raises `NoSession`."""
        if self._session is None:
            raise NoSession
        return self._session

    @cached_property
    def rows(self) -> Rows:
        return self._rows or SessionRows(self.session)

    @property
    def settings(self) -> Settings:
        return self.process.settings

    @property
    def limiter(self) -> RateLimiter:
        return self.process.limiter

    @property
    def passwords(self) -> PasswordHasher:
        return self.process.passwords

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self.session, self.client)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.session)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.jobs)

    @cached_property
    def notices(self) -> NoticeBoard:
        return NoticeBoard(self.jobs, self.outbox, self.messages)

    @cached_property
    def messages(self) -> MessageWriter:
        return MessageWriter(self.settings.site_name, self.settings.frontend_url)

    async def emit(self, event: object) -> None:
        """Tell whoever has registered for it that this has happened; what they do belongs to the same transaction.

        Should a handler fail, so does the caller. Emit last, when everything is as the event says.
        """
        handlers = handlers_of(event)
        if handlers:
            await self.session.flush()
        for handler in handlers:
            try:
                await handler(self, event)
            except BaseException:
                self.must_roll_back = True
                raise


def per_unit(kind: Callable[[UnitOfWork], T]) -> "cached_property[T]":
    """An attribute of a group of services: the service, made of the group's `unit` when it is first asked for."""
    return cached_property(lambda group: kind(group.unit))


@asynccontextmanager
async def unit_of_work(
    open_session: Callable[[], AsyncSession],
    process: ProcessContext,
    client: Client,
    preconditions: Preconditions | None = None,
) -> AsyncIterator[UnitOfWork]:
    """A unit of work in a transaction of its own: committed at the end, rolled back if anything fails."""
    async with open_session() as session:
        unit = UnitOfWork(process, client, session, preconditions=preconditions)
        try:
            yield unit
        except AppError as error:
            if error.commits_on_error and not unit.must_roll_back:
                await session.commit()
            raise
        await session.commit()
