"""Looking after all schedules when a server starts."""

from datetime import datetime

from app.content.jobs import PUBLICATIONS, DueArticle
from app.content.models import Schedule
from app.content.queries import schedules
from app.content.services.article_access import ArticleAccess
from app.content.services.schedules import ScheduleService
from app.content.services.scheduling import wait_for
from app.content.wall_times import moment
from app.core import clock
from app.unit_of_work import UnitOfWork

_BATCH = 100


class ScheduleRenewal:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)
        self._schedules = ScheduleService(unit)

    async def renew(self) -> None:
        """Go by the rules of time zones that came with this version, and miss nothing that has lost its job."""
        after: int | None = 0
        while after is not None:
            after = await self._go_by_present_rules(after)
        for schedule in await self._unit.session.scalars(schedules.overdue(clock.now())):
            due = DueArticle(schedule.article_id)
            await self._unit.jobs.enqueue_first(
                PUBLICATIONS, due, run_at=clock.now(), key=f"{schedule.article_id} overdue"
            )

    async def _go_by_present_rules(self, after: int) -> int | None:
        """Of the next schedules; returns the last one's article."""
        batch = (await self._unit.session.scalars(schedules.by_wall_clock(after, _BATCH))).all()
        for schedule in batch:
            if _moments(schedule) != (schedule.publish_at, schedule.unpublish_at):
                await self._move(schedule.article_id)
        return batch[-1].article_id if batch else None

    async def _move(self, article_id: int) -> None:
        article = await self._access.locked(article_id)
        schedule = await self._schedules.of(article) if article is not None else None
        if schedule is None or schedule.time_zone is None:
            return
        publish_at, unpublish_at = _moments(schedule)
        if publish_at is not None and unpublish_at is not None and unpublish_at <= publish_at:
            # They were so close to each other that one of them went by another rule.
            return
        schedule.publish_at, schedule.unpublish_at = publish_at, unpublish_at
        await self._unit.session.flush()
        await wait_for(self._unit, schedule)


def _moments(schedule: Schedule) -> tuple[datetime | None, datetime | None]:
    zone = schedule.time_zone or ""
    publish_at, unpublish_at = schedule.publish_at, schedule.unpublish_at
    if schedule.publish_said is not None:
        publish_at = moment(schedule.publish_said, zone)
    if schedule.unpublish_said is not None:
        unpublish_at = moment(schedule.unpublish_said, zone)
    return publish_at, unpublish_at


async def renew_schedules(unit: UnitOfWork) -> None:
    """Look after all schedules, in the transaction of this unit."""
    await ScheduleRenewal(unit).renew()
