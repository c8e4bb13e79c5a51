"""One of two workers is killed."""

import os
import signal

import pytest

from tests.chaos.blogs import BlogDatabase
from tests.chaos.node import Starter
from tests.chaos.ordeal import ordeal

pytestmark = pytest.mark.chaos


async def test_the_other_worker_goes_on(database: BlogDatabase, start: Starter) -> None:
    node = await start(database.url, workers=2)
    before = node.workers()
    assert len(before) == 2

    async with ordeal("kill -9 of one of two workers", database, node) as ordeal_:
        # As long as nothing happens nobody fails, and whichever process they ask, nobody sees anything old.
        await ordeal_.goes_on(1)
        assert not [answer for answer in ordeal_.load.answers if answer.is_failure]
        ordeal_.begins()
        os.kill(before[0], signal.SIGKILL)
        await ordeal_.recovers(within=2)
        await node.ready(starts=3)
    figures = await ordeal_.judge()

    # Only requests that were under way in that worker.
    assert figures.unavailable == 0
    assert figures.unanswered <= 6
    assert len(node.workers()) == 2
    assert len(set(node.workers()) & set(before)) == 1
