"""People use a blog while something happens to it; afterwards it is looked at what has become of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.chaos import figures
from tests.chaos.blogs import BlogDatabase, log_in
from tests.chaos.load import Load
from tests.chaos.node import Node
from tests.chaos.verification import verify

# So many writes are acknowledged before anything happens.
_WRITES_BEFORE = 15
_TIMEOUT_SECONDS = 40


@dataclass(repr=False)
class Scenario:
    """What happens to a blog while people use it; at the end it is known what has become of their writes."""

    scenario: str
    database: BlogDatabase
    nodes: Sequence[Node]
    load: Load
    acknowledged_before: int
    began: float = 0
    over: float | None = None

    def begins(self) -> None:
        self.began = time.monotonic()

    def is_over(self) -> None:
        self.over = time.monotonic()

    async def goes_on(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def recovers(self, within: float) -> None:
        """From the end of the fault, or from its beginning if nothing ends it."""
        await self.load.settle(self.over or self.began, within)

    async def judge(self, *, may_fail: bool = True) -> figures.Figures:
        """The figures, which are good: nothing is lost, nothing there twice, and no answer was wrong."""
        load = self.load
        findings = await verify(self.nodes[0].url, load.token, load.ledger, self.database.fetch)
        since = self.over or self.began or time.monotonic()
        after = [response for response in load.responses if response.received > since]
        found = figures.Figures(
            scenario=self.scenario,
            database=self.database.system,
            requests=len(load.responses),
            acknowledged=load.ledger.acknowledged() - self.acknowledged_before,
            lost=len(findings.lost),
            twice=len(findings.twice),
            wrong=len(load.wrong) + len(findings.wrong),
            unavailable=sum(response.status == 503 for response in load.responses),
            unanswered=sum(response.status is None for response in load.responses),
            slowest=max(response.received - response.sent for response in load.responses),
            first_success=min((a.received - since for a in after if not a.is_failure and a.sent > since), default=None),
            last_failure=max((a.received - since for a in after if a.is_failure), default=0.0 if self.began else None),
        )
        figures.collected.append(found)
        wrong = {"lost": findings.lost, "twice": findings.twice, "wrong": [*load.wrong, *findings.wrong]}
        # Some of each say enough.
        bad = [f"{name}: {text}" for name, texts in wrong.items() for text in texts[:5]]
        assert not bad, "\n".join([*bad, *(node.log[-2000:] for node in self.nodes)])
        assert may_fail or not any(response.is_failure for response in load.responses)
        return found


@asynccontextmanager
async def scenario(
    scenario: str, database: BlogDatabase, *nodes: Node, judges_lists: bool = True
) -> AsyncIterator[Scenario]:
    """People use the blog for as long as the block runs; before anything happens, nothing fails."""
    load = Load([node.url for node in nodes], await log_in(nodes[0].url), database.ledger, judges_lists=judges_lists)
    found = Scenario(scenario, database, nodes, load, database.ledger.acknowledged())
    async with load.running():
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while database.ledger.acknowledged() < found.acknowledged_before + _WRITES_BEFORE:
            assert time.monotonic() < deadline, "the blog is too slow to learn anything"
            await asyncio.sleep(0.05)
        assert not [response for response in load.responses if response.is_failure], nodes[0].log[-3000:]
        yield found
