"""Which of the two is asked: the replica only while it has everything that is known to have been committed."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import literal, select
from sqlalchemy.exc import OperationalError

from app.db import replica
from app.db.compiled_selects import CompiledSelect, Row
from app.db.replica import ReplicaReadPool

QUESTION = CompiledSelect(select(literal(1)))
AWAY = OperationalError("SELECT", None, ConnectionRefusedError("nobody there"))


class Server:
    """Answers with its name, and says how far it is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.position: int | None = 0
        self.error: Exception | None = None
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_closed = False

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        if self.error is not None:
            raise self.error
        if query is QUESTION:
            self.asked.set()
            await self.may_answer.wait()
            return [(self.name,)]
        if "position" in parameters:
            return [(None if self.position is None else self.position >= int(parameters["position"]),)]
        return [(str(self.position),)]

    async def close(self) -> None:
        self.is_closed = True


class Pair:
    def __init__(self) -> None:
        self.primary, self.replica = Server("primary"), Server("replica")
        self.hears = True
        self.reader = ReplicaReadPool(self.primary, self.replica, lambda: self.hears)

    async def commit(self) -> None:
        """On the primary only, as far as anybody knows."""
        assert self.primary.position is not None
        self.primary.position += 1
        self.reader.note_changes(["article:1"])

    async def asked(self) -> str:
        ((name,),) = await self.reader.fetch(QUESTION, {})
        return str(name)

    async def becomes(self, name: str) -> None:
        async with asyncio.timeout(5):
            while await self.asked() != name:  # noqa: ASYNC110 - nobody is told of it but those who ask
                await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(replica, "_PAUSE_SECONDS", 0.02)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    pair = Pair()
    stopping = asyncio.Event()
    running = asyncio.create_task(pair.reader.run(stopping))
    yield pair
    stopping.set()
    await asyncio.wait_for(running, 5)


async def test_nothing_is_asked_of_a_replica_that_nobody_has_looked_at() -> None:
    assert await Pair().asked() == "primary"


async def test_a_replica_that_has_everything_is_asked(pair: Pair) -> None:
    await pair.becomes("replica")


async def test_after_a_change_the_primary_is_asked_until_the_replica_has_it(pair: Pair) -> None:
    await pair.becomes("replica")

    await pair.commit()
    for _ in range(20):
        assert await pair.asked() == "primary"
        await asyncio.sleep(0.001)

    pair.replica.position = 1
    await pair.becomes("replica")


async def test_a_change_during_the_question_has_it_put_to_the_primary(pair: Pair) -> None:
    await pair.becomes("replica")
    pair.replica.asked.clear()
    pair.replica.may_answer.clear()

    asked = asyncio.create_task(pair.asked())
    await pair.replica.asked.wait()
    await pair.commit()
    pair.replica.may_answer.set()

    assert await asked == "primary"


async def test_whoever_does_not_hear_of_changes_asks_the_primary(pair: Pair) -> None:
    await pair.becomes("replica")

    pair.hears = False

    assert await pair.asked() == "primary"


async def test_a_replica_that_is_away_costs_nobody_an_answer(pair: Pair) -> None:
    await pair.becomes("replica")

    pair.replica.error = AWAY
    for _ in range(5):
        assert await pair.asked() == "primary"

    pair.replica.error = None
    await pair.becomes("replica")


async def test_a_mistake_in_the_question_is_not_put_twice(pair: Pair) -> None:
    await pair.becomes("replica")

    pair.replica.error = ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        await pair.asked()


async def test_a_server_that_replays_nothing_is_no_replica(pair: Pair) -> None:
    pair.replica.position = None
    await pair.commit()
    await asyncio.sleep(0.05)

    assert await pair.asked() == "primary"


async def test_a_primary_that_is_away_is_waited_for(pair: Pair) -> None:
    await pair.becomes("replica")
    pair.primary.error = AWAY
    pair.reader.note_changes()
    await asyncio.sleep(0.05)
    with pytest.raises(OperationalError):
        await pair.asked()

    pair.primary.error = None
    await pair.becomes("replica")


async def test_both_are_closed() -> None:
    pair = Pair()
    await pair.reader.close()

    assert pair.primary.is_closed
    assert pair.replica.is_closed
