"""Carries out mail requests while the app runs."""

import asyncio

from sqlalchemy import delete, select

from app.accounts.models import MailRequest, RequestedMail
from app.container import Services
from app.core.background import repeat
from app.core.client import Client
from app.db.session import Database
from app.process import ProcessContext
from app.unit_of_work import unit_of_work

_POLL_SECONDS = 1.0
_BATCH = 100


class MailRequestWorker:
    def __init__(self, database: Database, process: ProcessContext) -> None:
        self._database = database
        self._process = process

    async def run(self, stopping: asyncio.Event) -> None:
        """Run until told to stop."""
        await repeat("carrying out requests for mails", self.carry_out_pending, _POLL_SECONDS, stopping)

    async def carry_out_pending(self) -> bool:
        """Carry out the pending requests; returns whether there were any."""
        async with self._database.reading() as session:
            requests = list(await session.scalars(select(MailRequest).order_by(MailRequest.id).limit(_BATCH)))
        for request in requests:
            await self._carry_out(request)
        return bool(requests)

    async def _carry_out(self, request: MailRequest) -> None:
        client = Client(request.ip_address, request.user_agent)
        async with unit_of_work(self._database.writing, self._process, client) as unit:
            taken = await unit.session.execute(
                delete(MailRequest).where(MailRequest.id == request.id).returning(MailRequest.id)
            )
            # Another server may have been quicker.
            if taken.scalar_one_or_none() is not None:
                services = Services(unit)
                if request.mail is RequestedMail.PASSWORD_RESET:
                    await services.accounts.recovery.mail_forgotten(request.email)
                else:
                    await services.accounts.registration.mail_verification(request.email)
