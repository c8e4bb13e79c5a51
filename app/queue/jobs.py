"""Enqueuing jobs."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import case, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from app.core import clock
from app.db.changes.tracking import TrackedSession
from app.db.changes.wake_ups import wake_after_commit
from app.queue.kinds import Kind, require_handler
from app.queue.models import Job

P = TypeVar("P")


class Jobs:
    """Stores the jobs of a unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def enqueue(self, kind: Kind[P], payload: P, *, run_at: datetime | None = None, key: str | None = None) -> None:
        """Have this done once the transaction has committed, or at `run_at`. Raises `UnknownKind`.

        Of a kind, one job with the same `key` waits at most. Enqueued again while it waits, it takes the new payload
        and runs at the earlier of the two times. While it is running, it will run once more afterwards; if it has been
        given up, it starts anew.
        """
        require_handler(kind)
        self._session.add(new_job(kind.name, kind.stored(payload), run_at=run_at, key=key))

    async def enqueue_first(self, kind: Kind[P], payload: P, *, run_at: datetime, key: str) -> bool:
        """Enqueue a job unless there is one with this key, and return whether there was none.

        Of several transactions that do this at once only one is the first.
        """
        require_handler(kind)
        session = self._session
        insert = insert_into_jobs(
            session.get_bind().dialect.name, new_job(kind.name, kind.stored(payload), run_at=run_at, key=key)
        )
        statement = insert.on_conflict_do_nothing(index_elements=["kind", "key"]).returning(Job.id)
        is_first = await session.scalar(statement) is not None
        if is_first:
            wake_after_commit(session.sync_session)
        return is_first

    async def waiting(self, kind: Kind[P], key: str) -> P | None:
        """The payload of the job with this key, which is locked until the transaction ends."""
        wanted = select(Job.payload).where(Job.kind == kind.name, Job.key == key)
        stored = await self._session.scalar(wanted.with_for_update())
        return None if stored is None else kind.read(stored)


def new_job(kind: str, payload: dict[str, Any], *, run_at: datetime | None = None, key: str | None = None) -> Job:
    """A job that waits for `run_at`, or for nothing."""
    now = clock.now()
    return Job(
        kind=kind,
        payload=payload,
        key=key,
        created_at=now,
        run_at=run_at or now,
        is_scheduled=run_at is not None,
        attempts=0,
    )


@event.listens_for(TrackedSession, "before_flush")
def _store_keyed(session: Session, _context: object, _instances: object) -> None:
    """Keys are settled by the database itself, as somebody else may be enqueuing the same one."""
    jobs = [instance for instance in session.new if isinstance(instance, Job)]
    if not jobs:
        return
    wake_after_commit(session)
    keyed = [job for job in jobs if job.key is not None]
    # In the same order everywhere: two transactions would otherwise wait for each other.
    for job in sorted(keyed, key=lambda job: (job.kind, job.key)):
        session.expunge(job)
        session.connection().execute(_upsert(session.get_bind().dialect.name, job))


def insert_into_jobs(dialect: str, *jobs: Job) -> Any:
    """A statement that can be told what to do about jobs with the same key."""
    columns = ("kind", "payload", "key", "created_at", "run_at", "is_scheduled", "attempts")
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(Job).values([{column: getattr(job, column) for column in columns} for job in jobs])


def _upsert(dialect: str, job: Job) -> Any:
    new = insert_into_jobs(dialect, job)
    later = new.excluded
    is_running, is_dead = Job.lease.is_not(None), Job.run_at.is_(None)
    return new.on_conflict_do_update(
        index_elements=["kind", "key"],
        set_={
            "payload": later.payload,
            "run_at": case((is_running, Job.run_at), (Job.run_at < later.run_at, Job.run_at), else_=later.run_at),
            "again_at": case(
                (~is_running, Job.again_at), (Job.again_at < later.run_at, Job.again_at), else_=later.run_at
            ),
            # Says of the earlier time whether somebody chose it.
            "is_scheduled": case(
                (~is_running & (Job.run_at < later.run_at), Job.is_scheduled),
                (is_running & (Job.again_at < later.run_at), Job.is_scheduled),
                else_=later.is_scheduled,
            ),
            "attempts": case((is_dead, 0), else_=Job.attempts),
            "created_at": case((is_dead, later.created_at), else_=Job.created_at),
        },
    )
