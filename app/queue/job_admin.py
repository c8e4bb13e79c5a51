"""Manual handling of jobs; dead letters stay until an operator retries or drops them."""

from collections.abc import Collection, Sequence

from pydantic import ValidationError
from sqlalchemy import ColumnElement, delete, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.actions import Action
from app.audit.log import AuditLog
from app.core import clock
from app.db.changes.wake_ups import wake_after_commit
from app.queue import audit_actions as actions
from app.queue import queries
from app.queue.errors import JobNotFound
from app.queue.kinds import registrations
from app.queue.models import Job
from app.queue.schemas import JobOut, JobWithPayload


class JobAdmin:
    """For operators on the command line."""

    def __init__(self, session: AsyncSession, audit: AuditLog) -> None:
        self._session = session
        self._audit = audit

    async def listed(self, limit: int, kinds: Collection[str] = (), *, only_dead: bool = False) -> Sequence[JobOut]:
        """Jobs of these kinds or of all, dead letters first, then the newest."""
        statement = queries.listed(kinds, only_dead=only_dead).limit(limit)
        return [_shown(JobOut, job) for job in await self._session.scalars(statement)]

    async def find(self, job_id: int, *, with_payload: bool = False) -> JobOut:
        """Raises `JobNotFound`."""
        return _shown(JobWithPayload if with_payload else JobOut, await self._find(job_id))

    async def retry(self, job_ids: Collection[int]) -> int:
        """Run these jobs again at once, with a fresh count of attempts, and return how many that are.

        Those that are running are left alone. Raises `JobNotFound`.
        """
        return await self._retry(await self._each(job_ids))

    async def retry_all(self, kinds: Collection[str] = ()) -> int:
        """The same for all dead letters, of these kinds or of all; returns how many there were."""
        return await self._retry(_dead(kinds))

    async def drop(self, job_ids: Collection[int]) -> int:
        """Delete these jobs, which will never be done. Raises `JobNotFound`."""
        return await self._drop(await self._each(job_ids))

    async def drop_all(self, kinds: Collection[str] = ()) -> int:
        """The same for all dead letters, of these kinds or of all; returns how many there were."""
        return await self._drop(_dead(kinds))

    async def _find(self, job_id: int) -> Job:
        job = await self._session.get(Job, job_id)
        if job is None:
            raise JobNotFound(f"Job {job_id} not found. It may already be done.")
        return job

    async def _each(self, job_ids: Collection[int]) -> ColumnElement[bool]:
        for job_id in job_ids:
            await self._find(job_id)
        return Job.id.in_(job_ids)

    async def _retry(self, which: ColumnElement[bool]) -> int:
        # What is running is being tried already: taken from its lease it would run twice.
        is_idle = or_(Job.lease.is_(None), Job.run_at <= clock.now())
        values = {"run_at": clock.now(), "again_at": None, "is_scheduled": False, "attempts": 0, "lease": None}
        again = update(Job).where(which, is_idle).values(**values).returning(Job.id)
        ids = (await self._session.scalars(again)).all()
        wake_after_commit(self._session.sync_session)
        return self._recorded(actions.JOBS_RETRIED, ids)

    async def _drop(self, which: ColumnElement[bool]) -> int:
        ids = (await self._session.scalars(delete(Job).where(which).returning(Job.id))).all()
        return self._recorded(actions.JOBS_DROPPED, ids)

    def _recorded(self, action: Action, ids: Sequence[int]) -> int:
        if ids:
            self._audit.record(action, jobs=sorted(ids))
        return len(ids)


def _dead(kinds: Collection[str]) -> ColumnElement[bool]:
    return queries.IS_DEAD & Job.kind.in_(kinds) if kinds else queries.IS_DEAD


def _shown(model: type[JobOut], job: Job) -> JobOut:
    return model.model_validate({**vars(job), "about": _about(job), "state": _state(job)})


def _about(job: Job) -> str:
    """What its domain says about it in a line."""
    registration = registrations().get(job.kind)
    if registration is None:
        return ""
    try:
        return registration.kind.describe(registration.kind.read(job.payload))
    except ValidationError:
        return ""


def _state(job: Job) -> str:
    if job.run_at is None:
        return "dead"
    if job.kind not in registrations():
        return "unknown kind"
    return "running" if job.lease is not None and job.run_at > clock.now() else "waiting"
