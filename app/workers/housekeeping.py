"""Housekeeping: deleting accounts that are due, and removing what has expired."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from app.accounts.models import EmailChange, Invitation, LoginSession, PasskeyChallenge, User
from app.accounts.queries import deletions
from app.accounts.user_manager import UNDO_DAYS, VERIFICATION_HOURS
from app.container import Services
from app.core import clock
from app.core.background import repeat
from app.core.client import Client
from app.db.changes.models import Invalidation
from app.db.errors import is_unreachable
from app.db.session import Database
from app.process import ProcessContext
from app.unit_of_work import unit_of_work
from app.workers import expired

_PAUSE_SECONDS = 60.0
_BATCH = 500
_ACCOUNTS = 50
KEEP_INVALIDATIONS = timedelta(hours=1)
KEEP_INVITATIONS = timedelta(days=30)
KEEP_UNCONFIRMED = timedelta(days=7)
# For as long as one may be confirmed, and be undone after that.
KEEP_EMAIL_CHANGES = timedelta(hours=VERIFICATION_HOURS, days=UNDO_DAYS)
_CLIENT = Client(ip_address="", user_agent="housekeeping")
_log = logging.getLogger(__name__)


class Housekeeper:
    """Does the housekeeping while the app runs; any number of them may run, on any number of servers."""

    def __init__(self, database: Database, process: ProcessContext) -> None:
        self._database = database
        self._process = process

    async def run(self, stopping: asyncio.Event) -> None:
        """Run until told to stop."""
        await repeat("housekeeping", self.run_chores, _PAUSE_SECONDS, stopping)

    async def run_chores(self) -> bool:
        """One round. A chore that fails is left for the next round and does not stop the others."""
        now = clock.now()
        chores: tuple[Callable[[datetime], Awaitable[None]], ...] = (
            self._delete_accounts,
            self._clear_sessions,
            self._clear_challenges,
            self._clear_email_changes,
            self._clear_invitations,
            self._clear_unconfirmed,
            self._clear_invalidations,
        )
        for chore in chores:
            await self._attempt(chore.__name__.strip("_"), chore(now))
        return False

    async def _attempt(self, name: str, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            if is_unreachable(error):
                raise
            # One chore has no say in whether the others are done.
            _log.error("housekeeping: %s failed: %r", name.replace("_", " "), error)

    async def _delete_accounts(self, now: datetime) -> None:
        async with self._database.reading() as session:
            user_ids = (await session.scalars(deletions.due(now))).all()
        for user_id in user_ids:
            await self._attempt(f"deleting account {user_id}", self._delete_account(user_id, now))

    async def _delete_account(self, user_id: int, now: datetime) -> None:
        async with unit_of_work(self._database.writing, self._process, _CLIENT) as unit:
            await Services(unit).accounts.deletions.carry_out(user_id, now)

    async def _clear_sessions(self, now: datetime) -> None:
        await self._clear(LoginSession, expired.expired_sessions(now))

    async def _clear_challenges(self, now: datetime) -> None:
        await self._clear(PasskeyChallenge, expired.expired_challenges(now))

    async def _clear_email_changes(self, now: datetime) -> None:
        await self._clear(EmailChange, expired.settled_email_changes(now - KEEP_EMAIL_CHANGES))

    async def _clear_invitations(self, now: datetime) -> None:
        await self._clear(Invitation, expired.expired_invitations(now - KEEP_INVITATIONS))

    async def _clear_invalidations(self, now: datetime) -> None:
        await self._clear(Invalidation, expired.received_invalidations(now - KEEP_INVALIDATIONS))

    async def _clear(self, table: Any, condition: ColumnElement[bool]) -> None:
        """Delete rows in short transactions, as SQLite has one writer; if there are none, nothing is locked."""
        while ids := await self._some(table, condition, _BATCH):
            async with self._database.writing() as session:
                await session.execute(delete(table).where(table.id.in_(ids), condition))
                await session.commit()
            if len(ids) < _BATCH:
                return

    async def _some(self, table: Any, condition: ColumnElement[bool], number: int) -> list[int]:
        async with self._database.reading() as session:
            return list(await session.scalars(select(table.id).where(condition).order_by(table.id).limit(number)))

    async def _clear_unconfirmed(self, now: datetime) -> None:
        condition = expired.never_confirmed(now - KEEP_UNCONFIRMED)
        while ids := await self._some(User, condition, _ACCOUNTS):
            async with unit_of_work(self._database.writing, self._process, _CLIENT) as unit:
                # Once more: who confirms an address meanwhile stays.
                still_expired = (
                    select(User).where(User.id.in_(ids), condition).with_for_update(skip_locked=True, of=User)
                )
                found = (await unit.session.scalars(still_expired)).all()
                for user in found:
                    await Services(unit).accounts.deletions.expire(user)
            if len(found) < _ACCOUNTS:
                return
