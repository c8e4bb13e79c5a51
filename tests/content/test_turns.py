"""Texts are rendered in turns, so that no account makes others wait for long."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import CancelScope, create_task_group
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from app.content import turns
from app.content.errors import RenderingUnavailable
from app.content.turns import MAX_WAITING, MAX_WAITING_OF_ACCOUNT, Turns

ANN, BEN, CAT, DAN = range(4)


class Texts:
    """Texts that are rendered until they are told to be done."""

    def __init__(self, group: TaskGroup, at_once: int) -> None:
        self._group = group
        self._turns = Turns(at_once)
        self._done: dict[str, anyio.Event] = {}
        self._scopes: dict[str, CancelScope] = {}
        self.begun: list[str] = []
        self.refused: list[str] = []

    async def send(self, name: str, account_id: int | None) -> None:
        self._done[name] = anyio.Event()
        self._group.start_soon(self._render, name, account_id)
        await settle()

    async def finish(self, name: str) -> None:
        self._done[name].set()
        await settle()

    async def cancel(self, *names: str) -> None:
        for name in names:
            self._scopes[name].cancel()
        await settle()

    async def _render(self, name: str, account_id: int | None) -> None:
        with CancelScope() as self._scopes[name]:
            try:
                async with self._turns.turn(account_id):
                    self.begun.append(name)
                    await self._done[name].wait()
            except RenderingUnavailable:
                self.refused.append(name)


async def settle() -> None:
    for _ in range(10):
        await checkpoint()


@asynccontextmanager
async def rendering(at_once: int = 2) -> AsyncIterator[Texts]:
    async with create_task_group() as group:
        yield Texts(group, at_once)
        group.cancel_scope.cancel()


async def test_one_text_of_an_account_is_rendered_at_a_time() -> None:
    async with rendering() as texts:
        for number in range(8):
            await texts.send(f"a{number}", ANN)
        assert texts.begun == ["a0"]

        await texts.send("b", BEN)
        assert texts.begun == ["a0", "b"]

        for number in range(7):
            await texts.finish(f"a{number}")
        assert texts.begun == ["a0", "b", *(f"a{number}" for number in range(1, 8))]


async def test_whoever_has_waited_longest_for_a_turn_comes_next() -> None:
    async with rendering() as texts:
        for number in range(3):
            await texts.send(f"a{number}", ANN)
            await texts.send(f"b{number}", BEN)
        await texts.send("c", CAT)
        await texts.send("d", DAN)
        await texts.finish("a0")
        await texts.finish("b0")
        await texts.finish("c")
        await texts.finish("d")

        assert texts.begun == ["a0", "b0", "c", "d", "a1", "b1"]


async def test_with_one_turn_accounts_alternate() -> None:
    async with rendering(at_once=1) as texts:
        for name, account_id in (("a0", ANN), ("a1", ANN), ("a2", ANN), ("b0", BEN), ("b1", BEN)):
            await texts.send(name, account_id)
        for name in ("a0", "b0", "a1", "b1"):
            await texts.finish(name)

        assert texts.begun == ["a0", "b0", "a1", "b1", "a2"]


async def test_an_account_may_have_some_texts_waiting_and_others_still_get_in() -> None:
    async with rendering() as texts:
        for number in range(1 + MAX_WAITING_OF_ACCOUNT + 3):
            await texts.send(f"a{number}", ANN)
        assert len(texts.refused) == 3

        await texts.send("b", BEN)
        assert texts.begun == ["a0", "b"]
        await texts.finish("a0")
        await texts.send("late", ANN)
        assert len(texts.refused) == 3


async def test_all_together_may_have_some_waiting() -> None:
    async with rendering(at_once=1) as texts:
        for number in range(1 + MAX_WAITING + 2):
            await texts.send(f"{number}", number)
        assert texts.refused == [str(MAX_WAITING + 1), str(MAX_WAITING + 2)]

        await texts.finish("0")
        await texts.send("late", DAN)
        assert "late" not in texts.refused


async def test_those_who_have_the_most_waiting_make_room_for_others() -> None:
    async with rendering(at_once=2) as texts:
        for number in range(1 + MAX_WAITING_OF_ACCOUNT):
            await texts.send(f"a{number}", ANN)
            await texts.send(f"b{number}", BEN)
        assert texts.refused == []

        await texts.send("late", DAN)
        assert len(texts.refused) == 1
        assert texts.refused[0] in {f"a{MAX_WAITING_OF_ACCOUNT}", f"b{MAX_WAITING_OF_ACCOUNT}"}

        await texts.finish("a0")
        await texts.finish("b0")
        assert "late" in texts.begun


async def test_nobody_waits_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SECONDS_TO_WAIT", 0.0)
    async with rendering() as texts:
        await texts.send("a0", ANN)
        await texts.send("a1", ANN)
        await texts.finish("a0")
        await texts.send("a2", ANN)

        assert texts.refused == ["a1"]
        assert texts.begun == ["a0", "a2"]


async def test_whoever_gives_up_takes_no_turn() -> None:
    async with rendering(at_once=1) as texts:
        for name, account_id in (("a0", ANN), ("a1", ANN), ("b", BEN), ("c", CAT)):
            await texts.send(name, account_id)
        # One who waits, one whose turn has just come, and one who has it.
        await texts.cancel("a1")
        texts._done["a0"].set()
        await texts.cancel("b")
        assert texts.begun == ["a0", "c"]
        await texts.cancel("c")

        await texts.send("d", DAN)
        assert texts.begun == ["a0", "c", "d"]


async def test_a_failure_ends_a_turn() -> None:
    both = Turns(1)
    with pytest.raises(ValueError, match="bad"):
        async with both.turn(ANN):
            raise ValueError("bad")

    async with both.turn(ANN):
        pass
