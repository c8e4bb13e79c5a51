"""Claiming jobs, and saying how they ended: each step is a short transaction of its own."""

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, bindparam, case, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.db.session import Database, changed_a_row
from app.queue import queries
from app.queue.errors import LeaseLost
from app.queue.jobs import insert_into_jobs, new_job
from app.queue.kinds import CHORE_KEY, Kind, Registration
from app.queue.models import Job

# Whoever takes longer has no lease any more, and is stopped before that.
HANDLER_TIMEOUT = timedelta(minutes=4)
_ERROR_LENGTH = 1000
# Of the table instead of the model, and composed once: it is executed for every job.
_TABLE: Any = Job.__table__
_DONE = delete(_TABLE).where(
    _TABLE.c.id == bindparam("job_id"), _TABLE.c.lease == bindparam("job_lease"), _TABLE.c.again_at.is_(None)
)


class Claims:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def next_runs(self, kinds: Collection[Registration]) -> Mapping[str, datetime]:
        """When the next job of each kind is to run; kinds without any are left out."""
        now = clock.now()
        # Claiming right away would take SQLite's write lock each time.
        async with self._database.reading() as session:
            found = (await session.execute(queries.next_of_each(kinds, now))).all()
        return {kind: now if is_stranded else run_at for kind, run_at, is_stranded in found if run_at is not None}

    async def any_begun(self, kinds: Collection[Kind[Any]]) -> bool:
        """Whether jobs of these kinds are due, or have been begun and neither finished nor put off."""
        begun = queries.begun([kind.name for kind in kinds], clock.now())
        async with self._database.reading() as session:
            return bool(await session.scalar(select(begun)))

    async def claim(self, registration: Registration, number: int) -> list[Job]:
        """Take up to so many due jobs of a kind, so that no other process does; each attempt counts from here on.

        Only one is taken if it has been attempted before: should it end the process, no others are blamed.
        """
        now, lease = clock.now(), secrets.token_hex(8)
        due = queries.due(registration, now, number).with_for_update(skip_locked=True).cte("due")
        if number > registration.slots:
            due = queries.without_companions(due)
        taking = (
            update(Job)
            .where(Job.id.in_(select(due.c.id)))
            # Its payload is the newest: this is the run that somebody wanted when enqueuing it again.
            .values(attempts=Job.attempts + 1, run_at=now + registration.lease, again_at=None, lease=lease)
            .returning(Job)
            .execution_options(synchronize_session=False)
        )
        async with self._database.writing() as session:
            jobs = sorted(await session.scalars(taking), key=lambda job: job.id)
            await session.commit()
        return jobs

    async def put_chores(self, chores: Iterable[Registration]) -> None:
        """Enqueue chores that are not there yet, or not any more."""
        jobs = [new_job(chore.kind.name, {}, key=CHORE_KEY) for chore in chores]
        async with self._database.writing() as session:
            insert = insert_into_jobs(self._database.engine.dialect.name, *jobs)
            await session.execute(insert.on_conflict_do_nothing(index_elements=["kind", "key"]))
            await session.commit()

    async def hold(self, session: AsyncSession, job: Job) -> None:
        """Lock a job until the transaction of this session ends, so that no other process takes it. Raises `LeaseLost`.

        The lock ends with the process, which the lease would not.
        """
        mine = select(Job.id).where(_mine(job)).with_for_update()
        if await session.scalar(mine) is None:
            raise LeaseLost

    async def finish(self, session: AsyncSession, job: Job) -> datetime | None:
        """Remove a job in the transaction of this session. Raises `LeaseLost`.

        If it was enqueued again meanwhile, it stays, and when it runs is returned.
        """
        connection = await session.connection()
        if (await connection.execute(_DONE, {"job_id": job.id, "job_lease": job.lease})).rowcount:
            return None
        again = _mine_becomes(job, **_waiting(until=None, attempts=0), created_at=clock.now())
        run_at = await session.scalar(again.returning(Job.run_at))
        if run_at is None:
            raise LeaseLost
        return run_at

    async def finish_alone(self, job: Job) -> datetime | None:
        """The same in a transaction of its own."""
        async with self._database.writing() as session:
            run_at = await self.finish(session, job)
            await session.commit()
        return run_at

    async def repeat(self, job: Job, every: timedelta) -> datetime:
        """A chore is done, for now; returns when it is to be done again."""
        run_at = clock.now() + every
        await self._change(job, **_waiting(run_at, attempts=0), last_error=None)
        return run_at

    async def put_back(self, job: Job) -> None:
        """It was interrupted: whoever is next need not wait for the lease to end."""
        await self._change(job, **_waiting(clock.now(), attempts=job.attempts - 1))

    async def postpone(self, job: Job, until: datetime | None, attempts: int, reason: str) -> None:
        """It has failed; without a time it is given up, unless it has been enqueued again meanwhile."""
        await self._change(job, **_waiting(until, attempts), last_error=reason[:_ERROR_LENGTH])

    async def _change(self, job: Job, **values: Any) -> None:
        async with self._database.writing() as session:
            if not await changed_a_row(session, _mine_becomes(job, **values)):
                raise LeaseLost
            await session.commit()


def _mine(job: Job) -> ColumnElement[bool]:
    return and_(Job.id == job.id, Job.lease == job.lease)


def _waiting(until: datetime | None, attempts: int) -> dict[str, Any]:
    """What a job becomes that has been running: enqueued again meanwhile, it starts anew at the earlier time."""
    is_wanted_again = Job.again_at.is_not(None)
    is_sooner = is_wanted_again if until is None else Job.again_at < until
    return {
        "run_at": case((is_sooner, Job.again_at), else_=literal(until, Job.run_at.type)),
        "again_at": None,
        # While it was running, this told of `again_at`.
        "is_scheduled": case((is_sooner, Job.is_scheduled), else_=False),
        "attempts": case((is_wanted_again, 0), else_=attempts),
    }


def _mine_becomes(job: Job, **values: Any) -> Update:
    return update(Job).where(_mine(job)).values(**values, lease=None).execution_options(synchronize_session=False)
