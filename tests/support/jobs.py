"""Running the jobs of an app that is not running."""

from typing import Any

from fastapi import FastAPI
from sqlalchemy import update

from app.core import clock
from app.mail.mailer import Mailer, mailer_for
from app.queue.kinds import Kind, registrations
from app.queue.models import Job
from app.queue.worker import JobWorker
from app.unit_of_work import unit_of_work


def job_worker(app: FastAPI, mailer: Mailer | None = None) -> JobWorker:
    """A worker as the app has it, which sends mails with this mailer."""
    if mailer is not None:
        app.state.process.shared[mailer_for] = mailer
    return JobWorker(app.state.database, app.state.process, unit_of_work)


async def run_due(app: FastAPI, *kinds: Kind[Any]) -> int:
    """Run the jobs of these kinds that are due; returns how many there were."""
    return await job_worker(app).run_due(*kinds)


async def run_chores(app: FastAPI) -> None:
    """Do every chore, whenever it was done last."""
    chores = [registration for registration in registrations().values() if registration.every]
    async with app.state.database.writing() as session:
        names = [chore.kind.name for chore in chores]
        await session.execute(update(Job).where(Job.kind.in_(names)).values(run_at=clock.now()))
        await session.commit()
    await run_due(app, *(chore.kind for chore in chores))
