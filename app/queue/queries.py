"""Queries for jobs."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, func, literal, not_, or_, select, union_all
from sqlalchemy.sql import CompoundSelect

from app.queue.backoff import longest_pause
from app.queue.kinds import CHORE_KEY, Registration, registrations
from app.queue.models import Job

IS_WAITING = Job.run_at.is_not(None)
IS_DEAD = Job.run_at.is_(None)
# Nobody chose its time: either it is to run at once, or it was put off, or this is the end of a lease.
_IS_UNSCHEDULED = or_(not_(Job.is_scheduled), Job.lease.is_not(None))


def is_due(now: datetime, longest: timedelta) -> ColumnElement[bool]:
    """Which jobs to run. One that was put off for longer than anything ever is, is due too: the clock was wrong."""
    return or_(Job.run_at <= now, _is_stranded(now, longest))


def _is_stranded(now: datetime, longest: timedelta) -> ColumnElement[bool]:
    return and_(Job.run_at > now + longest, _IS_UNSCHEDULED)


def due(registration: Registration, now: datetime, number: int) -> Select[tuple[int, datetime | None, int]]:
    """The next jobs of a kind. Those that were put off come last: none that fails keeps the others waiting."""
    is_next = (Job.kind == registration.kind.name, is_due(now, longest_pause(registration)))
    chosen = select(Job.id, Job.run_at, Job.attempts).where(*is_next)
    return chosen.order_by(Job.run_at, Job.id).limit(number)


def begun(kinds: Collection[str], now: datetime) -> ColumnElement[bool]:
    """Whether jobs of these kinds are due or running."""
    return select(Job.id).where(Job.kind.in_(kinds), or_(Job.run_at <= now, Job.lease.is_not(None))).exists()


def without_companions(due: CTE) -> CTE:
    """Of these, those before the first one that has been attempted already; if that comes first, it alone."""
    order = (due.c.run_at, due.c.id)
    attempts = func.sum(due.c.attempts).over(order_by=order).label("attempts")
    place = func.row_number().over(order_by=order).label("place")
    placed = select(due.c.id, attempts, place).cte("placed")
    return select(placed.c.id).where(or_(placed.c.attempts == 0, placed.c.place == 1)).cte("taken")


def next_of_each(kinds: Iterable[Registration], now: datetime) -> CompoundSelect[tuple[str, datetime | None, bool]]:
    """Of each kind its name, when its next job is to run, and whether the clock was wrong about any of its jobs.

    However many jobs wait, this takes as long as there are kinds.
    """
    return union_all(*(_next_of(registration, now) for registration in kinds))


def _next_of(registration: Registration, now: datetime) -> Select[tuple[str, datetime | None, bool]]:
    of_kind = Job.kind == registration.kind.name
    run_at: Any = select(Job.run_at).where(of_kind, IS_WAITING).order_by(Job.run_at).limit(1).scalar_subquery()
    stranded = select(Job.id).where(of_kind, _is_stranded(now, longest_pause(registration))).exists()
    return select(literal(registration.kind.name), run_at, stranded)


def _is_expected() -> ColumnElement[bool]:
    """Leaves out the chores of other versions of the software: nothing is missed if nobody does them any more."""
    return or_(Job.kind.in_(registrations()), Job.key.is_(None), Job.key != CHORE_KEY)


def next_of_any() -> Select[tuple[str, datetime | None]]:
    """Of each kind that has any jobs, dead letters included, when the next one is to run.

    However many jobs wait, this takes as long as there are kinds: it goes from one kind to the next in the index.
    """
    kinds = select(func.min(Job.kind).label("kind")).cte("kinds", recursive=True)
    following = select(func.min(Job.kind)).where(Job.kind > kinds.c.kind).scalar_subquery()
    kinds = kinds.union_all(select(following).where(kinds.c.kind.is_not(None)))
    of_kind = (Job.kind == kinds.c.kind, IS_WAITING, _is_expected())
    run_at: Any = select(Job.run_at).where(*of_kind).order_by(Job.run_at).limit(1).scalar_subquery()
    return select(kinds.c.kind, run_at).where(kinds.c.kind.is_not(None))


def status() -> Select[tuple[str, int, int, datetime | None]]:
    """Of each kind, how many jobs wait, how many are dead letters, and when the next one is to run."""
    waiting: Any = func.count().filter(IS_WAITING)
    dead: Any = func.count().filter(IS_DEAD)
    next_run: Any = func.min(Job.run_at)
    return select(Job.kind, waiting, dead, next_run).where(_is_expected()).group_by(Job.kind)


def listed(kinds: Iterable[str], *, only_dead: bool) -> Select[tuple[Job]]:
    """Dead letters first, and then the newest."""
    conditions = [IS_DEAD] if only_dead else []
    wanted = list(kinds)
    if wanted:
        conditions.append(Job.kind.in_(wanted))
    return select(Job).where(*conditions).order_by(IS_DEAD.desc(), Job.id.desc())
