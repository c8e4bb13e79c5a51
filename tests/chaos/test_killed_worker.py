"""One of two workers is killed."""

import os
import signal

import pytest

from tests.chaos.blogs import BlogDatabase
from tests.chaos.node import Starter
from tests.chaos.scenario import scenario

pytestmark = pytest.mark.chaos


async def test_the_other_worker_goes_on(database: BlogDatabase, start: Starter) -> None:
    node = await start(database.url, workers=2)
    before = node.workers()
    assert len(before) == 2

    async with scenario("kill -9 of one of two workers", database, node) as running:
        # As long as nothing happens nobody fails, and whichever process they ask, nobody sees anything old.
        await running.goes_on(1)
        assert not [response for response in running.load.responses if response.is_failure]
        running.begins()
        os.kill(before[0], signal.SIGKILL)
        await running.recovers(within=2)
        await node.ready(starts=3)
    figures = await running.judge()

    # Only requests that were under way in that worker.
    assert figures.unavailable == 0
    assert figures.unanswered <= 6
    assert len(node.workers()) == 2
    assert len(set(node.workers()) & set(before)) == 1
