"""Kinds of jobs for tests."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.client import COMMAND_LINE
from app.queue import kinds
from app.queue.kinds import Kind
from app.queue.models import Job
from app.unit_of_work import unit_of_work


@dataclass(frozen=True)
class Number:
    """The payload of most jobs in tests."""

    number: int = 0


NUMBER = Kind("number", Number, describe=lambda payload: f"number {payload.number}")
OTHER = Kind("other", Number)


@contextmanager
def only_registered_here() -> Iterator[Mapping[str, kinds.Registration]]:
    """Whatever is registered inside the block is forgotten afterwards."""
    before = dict(kinds._registrations)
    try:
        yield kinds._registrations
    finally:
        kinds._registrations.clear()
        kinds._registrations.update(before)


async def enqueue(app: FastAPI, *numbers: int, kind: Kind[Number] = NUMBER, **options: Any) -> None:
    """Enqueue a job for each number, in one transaction."""
    async with unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE) as unit:
        for number in numbers:
            unit.jobs.enqueue(kind, Number(number), **options)


async def stored(app: FastAPI, kind: Kind[Any] = NUMBER) -> list[Job]:
    """The jobs of a kind that are not done, oldest first."""
    async with app.state.database.reading() as session:
        return await jobs_in(session, kind)


async def jobs_in(session: AsyncSession, kind: Kind[Any] = NUMBER) -> list[Job]:
    return list(await session.scalars(select(Job).where(Job.kind == kind.name).order_by(Job.id)))


async def change_jobs(app: FastAPI, kind: Kind[Any] = NUMBER, **values: object) -> None:
    """Change all jobs of a kind, as only time or another process would."""
    async with app.state.database.writing() as session:
        await session.execute(update(Job).where(Job.kind == kind.name).values(**values))
        await session.commit()
