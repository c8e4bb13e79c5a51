"""What clients may leave unread."""

import asyncio
import json
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Message, Scope

from app.api.middleware.large_responses import MAX_UNREAD_BYTES, PIECE_BYTES, LargeResponsesMiddleware

# Before any SQL.
pytestmark = pytest.mark.one_database


class Blog:
    """Answers with as many bytes as the path says; those who ask are told apart by their query."""

    def __init__(self) -> None:
        self.app = LargeResponsesMiddleware(self._respond, lambda scope: str(scope["query_string"]))
        self.reading = asyncio.Event()

    async def _respond(self, scope: Scope, receive: Any, send: Any) -> None:
        await Response(b"x" * scope["size"])(scope, receive, send)

    async def get(self, size: int, client: bytes = b"anna", *, reads: bool = True) -> list[Message]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)
            if not reads and len(sent) > 1:
                await self.reading.wait()

        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": client, "size": size}
        await self.app(scope, None, send)  # type: ignore[arg-type]
        return sent

    async def leave_unread(self, size: int, client: bytes = b"anna") -> "asyncio.Task[list[Message]]":
        task = asyncio.create_task(self.get(size, client, reads=False))
        await asyncio.sleep(0)
        return task


def body_of(sent: list[Message]) -> bytes:
    return b"".join(message["body"] for message in sent[1:])


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 10 * PIECE_BYTES + 7])
async def test_large_bodies_go_in_pieces(size: int) -> None:
    sent = await Blog().get(size)

    assert body_of(sent) == b"x" * size
    assert dict(sent[0]["headers"])[b"content-length"] == str(size).encode()
    assert all(len(message["body"]) <= PIECE_BYTES for message in sent[1:])
    assert [message.get("more_body", False) for message in sent[1:]] == [True] * (len(sent) - 2) + [False]


async def test_so_much_may_be_left_unread_and_no_more() -> None:
    blog = Blog()
    size = MAX_UNREAD_BYTES // 4
    unread = [await blog.leave_unread(size) for _ in range(4)]

    refused = await blog.get(size)

    assert refused[0]["status"] == 503
    assert (b"retry-after", b"5") in refused[0]["headers"]
    assert json.loads(body_of(refused))["code"] == "unavailable"
    # Small ones still are, and others get everything.
    assert (await blog.get(PIECE_BYTES))[0]["status"] == 200
    assert (await blog.get(size, b"berta"))[0]["status"] == 200

    blog.reading.set()
    assert all(len(body_of(sent)) == size for sent in await asyncio.gather(*unread))
    assert (await blog.get(size))[0]["status"] == 200


async def test_one_may_be_as_large_as_it_is() -> None:
    assert len(body_of(await Blog().get(2 * MAX_UNREAD_BYTES))) == 2 * MAX_UNREAD_BYTES


async def test_who_hangs_up_holds_nothing() -> None:
    blog = Blog()
    for _ in range(10):
        task = await blog.leave_unread(MAX_UNREAD_BYTES)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert (await blog.get(MAX_UNREAD_BYTES))[0]["status"] == 200
