"""Manual handling of mails in the outbox; dead letters stay there until an operator retries or drops them."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.actions import Action
from app.audit.log import AuditLog
from app.core import clock
from app.mail import audit_actions as actions
from app.mail import queries as outbox
from app.mail.errors import MailNotFound
from app.mail.models import OutboxMail


class OutboxAdmin:
    """For operators on the command line."""

    def __init__(self, session: AsyncSession, audit: AuditLog) -> None:
        self._session = session
        self._audit = audit

    async def newest(self, limit: int, *, only_dead: bool) -> Sequence[OutboxMail]:
        """The newest mails that are waiting or dead letters."""
        statement = select(OutboxMail).order_by(OutboxMail.id.desc()).limit(limit)
        return (await self._session.scalars(statement.where(outbox.IS_DEAD) if only_dead else statement)).all()

    async def find(self, mail_id: int) -> OutboxMail:
        """Raises `MailNotFound`."""
        mail = await self._session.get(OutboxMail, mail_id)
        if mail is None:
            raise MailNotFound(f"Email {mail_id} not found in the outbox. It may already have been sent.")
        return mail

    async def retry(self, mail_ids: Collection[int]) -> int:
        """Try these mails again at once, with a fresh count of attempts. Raises `MailNotFound`."""
        return await self._retry(await self._each(mail_ids))

    async def retry_all(self) -> int:
        """The same for all dead letters; returns how many there were."""
        return await self._retry(outbox.IS_DEAD)

    async def drop(self, mail_ids: Collection[int]) -> int:
        """Delete these mails, which will never be sent. Raises `MailNotFound`."""
        return await self._drop(await self._each(mail_ids))

    async def drop_all(self) -> int:
        """The same for all dead letters; returns how many there were."""
        return await self._drop(outbox.IS_DEAD)

    async def _each(self, mail_ids: Collection[int]) -> ColumnElement[bool]:
        for mail_id in mail_ids:
            await self.find(mail_id)
        return OutboxMail.id.in_(mail_ids)

    async def _retry(self, which: ColumnElement[bool]) -> int:
        again = update(OutboxMail).where(which).values(next_attempt_at=clock.now(), attempts=0)
        ids = (await self._session.scalars(again.returning(OutboxMail.id))).all()
        return self._recorded(actions.OUTBOX_RETRIED, ids)

    async def _drop(self, which: ColumnElement[bool]) -> int:
        ids = (await self._session.scalars(delete(OutboxMail).where(which).returning(OutboxMail.id))).all()
        return self._recorded(actions.OUTBOX_DROPPED, ids)

    def _recorded(self, action: Action, ids: Sequence[int]) -> int:
        if ids:
            self._audit.record(action, mails=sorted(ids))
        return len(ids)
