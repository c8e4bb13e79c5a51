"""Runs the jobs while the app does."""

import asyncio
import logging
import math
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from app.core import clock
from app.core.background import repeat
from app.db.errors import is_transient
from app.db.session import Database
from app.process import ProcessContext
from app.queue.claims import Claims
from app.queue.clock_watch import ClockWatch
from app.queue.delivery import OpenUnit
from app.queue.errors import LeaseLost
from app.queue.kinds import Kind, registrations
from app.queue.lane import Lane
from app.queue.models import Job
from app.queue.runner import Runner

# Whoever enqueues a job wakes the worker. Should that ever go unnoticed, it looks by itself.
LOOK_SECONDS = 60.0
# A rest goes on evenly, whatever becomes of the clock that says when jobs are to run.
_CLOCK_SECONDS = 1.0
_RETRY_SECONDS = 1.0
_BEGUN_SECONDS = 0.05
_log = logging.getLogger(__name__)


class JobWorker:
    """Runs jobs; any number of workers may run, on any number of servers."""

    def __init__(self, database: Database, process: ProcessContext, open_unit: OpenUnit) -> None:
        self._database = database
        self._claims = Claims(database)
        self._runner = Runner(database, process, open_unit, self._claims)
        self._lanes: dict[str, Lane] = {}
        self._woken = asyncio.Event()
        self._must_look = True
        self._look_at = 0.0
        self._clock_watch = ClockWatch()
        # Kinds whose jobs cannot be claimed, which has been logged.
        self._broken: set[str] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Run jobs until told to stop, then finish those that are running. Waits while the database is unreachable."""
        self._database.wake_ups.subscribe(self.wake)
        stopped = asyncio.create_task(stopping.wait())
        stopped.add_done_callback(lambda _: self._woken.set())
        try:
            await repeat("looking for jobs", partial(self._round, stopping), _RETRY_SECONDS, stopping)
            await self._give_back()
            while tasks := self._running():
                await asyncio.wait(tasks)
        finally:
            stopped.cancel()
            tasks = self._running()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, self._give_back(), return_exceptions=True)

    def wake(self) -> None:
        """Something has been enqueued, perhaps: look at once."""
        self._must_look = True
        self._woken.set()

    async def run_due(self, *kinds: Kind[Any]) -> int:
        """Run what is due, of these kinds or of all, one after the other; returns how many jobs that were."""
        lanes = self._lanes_of(kinds)
        number = 0
        while True:
            await self._look(lanes)
            before = number
            for lane in lanes:
                while jobs := await self._claim(lane, min(1, lane.room)):
                    await self._runner.run(lane.registration, jobs[0], lane.breaker)
                    number += 1
            if number == before:
                return number

    async def catch_up(self) -> None:
        """Run what is urgent and due, and wait for what others have begun: until then nothing is to be answered."""
        kinds = [registration.kind for registration in registrations().values() if registration.is_urgent]
        while kinds:
            await self.run_due(*kinds)
            if not await self._claims.any_begun(kinds):
                return
            await asyncio.sleep(_BEGUN_SECONDS)

    async def _round(self, stopping: asyncio.Event) -> bool:
        self._woken.clear()
        lanes = self._lanes_of()
        if self._must_look or time.monotonic() >= self._look_at:
            await self._look_around(lanes)
        for lane in lanes:
            if not stopping.is_set():
                await self._fill(lane)
        await self._rest(lanes)
        return True

    def _lanes_of(self, kinds: Iterable[Kind[Any]] = ()) -> list[Lane]:
        """Of these kinds, or of all."""
        names = {kind.name for kind in kinds}
        for name, registration in registrations().items():
            if name not in self._lanes:
                self._lanes[name] = Lane(registration, self._run, self._woken.set)
        return [lane for name, lane in self._lanes.items() if not names or name in names]

    async def _look_around(self, lanes: list[Lane]) -> None:
        start = time.monotonic()
        self._must_look = False
        # Jobs that end meanwhile may make it sooner.
        self._look_at = math.inf
        try:
            seconds = await self._look(lanes)
        except Exception:
            self._look_at = 0.0
            raise
        self._look_in(seconds, start)

    async def _fill(self, lane: Lane) -> None:
        try:
            lane.take(await self._claim(lane, lane.room))
        except Exception as error:
            if is_transient(error):
                raise
            # Something is wrong with the jobs of this kind: the others need not wait for it to be mended.
            level = logging.DEBUG if lane.name in self._broken else logging.ERROR
            _log.log(level, "jobs of the kind %s cannot be claimed: %r", lane.name, error)
            self._broken.add(lane.name)
            lane.may_have_more = False
            self._look_in(LOOK_SECONDS)
        else:
            self._broken.discard(lane.name)

    async def _look(self, lanes: list[Lane]) -> float:
        """Find out which kinds have jobs that are due; returns in how many seconds there will be another."""
        next_runs = await self._claims.next_runs([lane.registration for lane in lanes])
        chores = [lane for lane in lanes if lane.registration.every and lane.name not in next_runs]
        if chores:
            await self._claims.put_chores([lane.registration for lane in chores])
        now = clock.now()
        seconds = LOOK_SECONDS
        for lane in lanes:
            run_at = now if lane in chores else next_runs.get(lane.name)
            if run_at is None:
                continue
            lane.may_have_more = run_at <= now
            if not lane.may_have_more:
                seconds = min(seconds, (run_at - now).total_seconds())
        return seconds

    async def _claim(self, lane: Lane, number: int) -> list[Job]:
        if not lane.may_have_more or not number:
            return []
        jobs = await self._claims.claim(lane.registration, number)
        lane.may_have_more = len(jobs) == number
        if not lane.may_have_more:
            # There is a later one, perhaps. If there is none at all, another process has been quicker.
            self._look_in(0 if jobs else _RETRY_SECONDS)
        if jobs and lane.breaker:
            lane.breaker.begin_attempt()
        return jobs

    async def _run(self, lane: Lane, job: Job) -> None:
        if job.run_at is None or job.run_at <= clock.now():
            _log.warning("the lease of %s job %d ended before there was a slot for it", job.kind, job.id)
            self._look_in(0)
            return
        next_run = await self._runner.run(lane.registration, job, lane.breaker)
        if next_run is not None:
            self._look_in((next_run - clock.now()).total_seconds())

    def _look_in(self, seconds: float, start: float | None = None) -> None:
        self._look_at = min(self._look_at, (time.monotonic() if start is None else start) + seconds)

    async def _rest(self, lanes: list[Lane]) -> None:
        """Wait until there is something to do: a job that is due or new, a slot that is free, or a service to try."""
        seconds = self._look_at - time.monotonic()
        for lane in lanes:
            if lane.may_have_more and lane.seconds_left:
                seconds = min(seconds, lane.seconds_left)
        ends_at = time.monotonic() + seconds
        while not self._woken.is_set() and (left := ends_at - time.monotonic()) > 0:
            # Not `wait_for`: until Python 3.12 it forgets that it was cancelled if it is woken at the same time.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _CLOCK_SECONDS)):
                    await self._woken.wait()
            if self._clock_watch.has_jumped():
                self._must_look = True
                return

    async def _give_back(self) -> None:
        for lane in self._lanes.values():
            for job in lane.give_back():
                try:
                    await self._claims.put_back(job)
                except LeaseLost:
                    continue
                except Exception as error:  # noqa: BLE001 - those that are running are to be finished all the same
                    _log.warning("%s job %d is not done before its lease ends: %r", job.kind, job.id, error)

    def _running(self) -> list["asyncio.Task[None]"]:
        return [task for lane in self._lanes.values() for task in lane.running]
