"""Requests whose head never ends, before any application sees them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from commands.serving import protocol
from commands.serving.protocol import MAX_HEAD_BYTES, BoundedHttpProtocol

REQUEST = b"GET /here HTTP/1.1\r\nHost: blog\r\n\r\n"


async def greet(scope: Any, _receive: Any, send: Any) -> None:
    hosts = [(b"x-asked", value) for name, value in scope["headers"] if name == b"host"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2"), *hosts]})
    await send({"type": "http.response.body", "body": b"Hi"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    config = Config(greet, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedHttpProtocol(config, state, {}), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.sleep(0)


async def answer_to(port: int, *parts: bytes, pause: float = 0) -> bytes:
    """All that comes until the server hangs up, or for a while if it does not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


@pytest.mark.parametrize("parts", [(), (b"G",), (b"GET /here HTTP/1.1\r\nHost: bl",), (b"\r\n",)])
async def test_who_says_too_little_is_not_waited_for(port: int, parts: tuple[bytes, ...]) -> None:
    assert await answer_to(port, *parts) == b""


async def test_saying_a_little_now_and_then_does_not_help(port: int) -> None:
    parts = [b"GET /here HTTP/1.1\r\n", *(b"X-%d: y\r\n" % number for number in range(5)), b"\r\n"]

    with suppress(ConnectionError):
        assert await answer_to(port, *parts, pause=0.05) == b""


@pytest.mark.parametrize("filler", [b"X-Long: " + b"x" * 2 * MAX_HEAD_BYTES, b"X-Many: y\r\n" * 10_000])
async def test_who_says_too_much_is_refused(port: int, filler: bytes) -> None:
    response = b"HTTP/1.1 431 "
    # Whoever is still talking may hear the end of the connection rather than why.
    with suppress(ConnectionError):
        response = await answer_to(port, b"GET /here HTTP/1.1\r\n", filler)

    assert response.startswith(b"HTTP/1.1 431 ")


async def test_what_follows_an_answer_and_is_no_request_is_not_waited_for(port: int) -> None:
    response = await answer_to(port, REQUEST, b"\r\n", pause=0.02)

    assert response.count(b"HTTP/1.1 200 OK") == 1


async def test_a_connection_lasts_through_many_requests(port: int) -> None:
    last = REQUEST.replace(b"Host", b"Connection: close\r\nHost")
    # In two parts each, and in all longer than a head may take.
    halves = [half for request in (*[REQUEST] * 4, last) for half in (request[:20], request[20:])]

    response = await answer_to(port, *halves, pause=0.03)

    assert response.count(b"HTTP/1.1 200 OK") == 5


async def test_the_length_of_one_head_is_not_counted_for_the_next(port: int) -> None:
    long = REQUEST.replace(b"Host", b"X-Long: " + b"x" * (MAX_HEAD_BYTES // 2) + b"\r\nHost")
    last = REQUEST.replace(b"Host", b"Connection: close\r\nHost")

    response = await answer_to(port, *[part for _ in range(3) for part in (long[:-20], long[-20:])], last, pause=0.01)

    assert response.count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize(
    ("target", "hosts", "asked"),
    [
        (b"/here", [b"blog"], [b"blog"]),
        (b"http://evil/here", [b"blog"], [b"evil"]),
        (b"http://blog/here", [b"evil"], [b"blog"]),
        (b"HTTP://Blog:8000/here?to=http://evil/", [b"evil:1"], [b"Blog:8000"]),
        (b"http://[::1]:80/here", [b"blog"], [b"[::1]:80"]),
        (b"//evil/here", [b"blog"], [b"blog"]),
        # Refused by the application, which is to see it.
        (b"http://blog/here", [b"blog", b"evil"], [b"blog", b"evil"]),
        (b"http://blog/here", [], []),
    ],
)
async def test_the_host_is_that_of_the_target(port: int, target: bytes, hosts: list[bytes], asked: list[bytes]) -> None:
    headers = b"".join(b"Host: %b\r\n" % host for host in hosts)

    response = await answer_to(port, b"GET %b HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (target, headers))

    head = response.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line.removeprefix(b"x-asked: ") for line in head if line.startswith(b"x-asked")] == asked


@pytest.mark.parametrize(
    "target", [b"here", b"http://", b"http:/here", b"evil:80", b"http://a b/", b"ftp://blog/", b"http://blog"]
)
async def test_what_is_no_target_is_refused_or_answered(port: int, target: bytes) -> None:
    response = await answer_to(port, b"GET %b HTTP/1.1\r\nHost: blog\r\nConnection: close\r\n\r\n" % target)

    assert response.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 200 "))


# --- Answers ---------------------------------------------------------------------------------------------------------


async def refuse_unread(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"No"})


async def answer_at_length(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1_000):
        await send({"type": "http.response.body", "body": b"x" * 60_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(app: Any, keep_alive: float = 60) -> AsyncIterator[tuple[int, ServerState]]:
    config = Config(app, lifespan="off", log_config=None, timeout_keep_alive=keep_alive)  # type: ignore[arg-type]
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedHttpProtocol(config, state, {}), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], state
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


HEADS = [
    b"POST / HTTP/1.1\r\nHost: blog\r\nContent-Length: 3000000\r\nConnection: close\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: blog\r\nContent-Length: 3000000\r\n\r\n",
    b"POST / HTTP/1.0\r\nHost: blog\r\nContent-Length: 3000000\r\n\r\n",
]


@pytest.mark.parametrize("head", HEADS, ids=["close", "keep alive", "HTTP/1.0"])
async def test_who_is_refused_unread_may_finish_and_hears_why(head: bytes) -> None:
    async with serving(refuse_unread) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        for _ in range(30):
            writer.write(b"x" * 100_000)
            await writer.drain()
            await asyncio.sleep(0.001)
        response = await asyncio.wait_for(reader.readuntil(b"\r\n\r\nNo"), 5)

        assert response.startswith(b"HTTP/1.1 401 ")
        if head != HEADS[1]:
            assert b"connection: close" in response
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_the_connection_serves_the_next_request_after_a_body_that_nobody_read() -> None:
    async with serving(refuse_unread) as (port, _):
        body = b"POST / HTTP/1.1\r\nHost: blog\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
        last = REQUEST.replace(b"Host", b"Connection: close\r\nHost")

        assert (await answer_to(port, body, last, pause=0.05)).count(b"HTTP/1.1 401 ") == 2


@pytest.mark.parametrize("head", HEADS, ids=["close", "keep alive", "HTTP/1.0"])
async def test_nobody_goes_on_sending_forever(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "REST_SECONDS", 0.1)
    async with serving(refuse_unread) as (port, _):
        with suppress(ConnectionError):
            response = await answer_to(port, head, *[b"x"] * 20, pause=0.05)

            assert response.startswith(b"HTTP/1.1 401 ")


async def test_who_reads_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "UNREAD_SECONDS", 0.2)
    async with serving(answer_at_length) as (port, state):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(REQUEST)
        await reader.read(1)
        async with asyncio.timeout(10):
            while state.connections:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.05)
        writer.close()


async def test_who_reads_slowly_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "UNREAD_SECONDS", 0.3)
    async with serving(answer_at_length) as (port, state):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        for _ in range(10):
            await reader.readexactly(1_000_000)
            await asyncio.sleep(0.05)

        assert state.connections
        writer.close()


LENGTH = 20_000_000


async def answer_at_once(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LENGTH)]})
    await send({"type": "http.response.body", "body": b"x" * LENGTH})


@pytest.mark.parametrize("app", [answer_at_length, answer_at_once])
@pytest.mark.parametrize("connection", [b"keep-alive", b"close"])
async def test_who_reads_steadily_may_take_any_time(
    monkeypatch: pytest.MonkeyPatch, app: Any, connection: bytes
) -> None:
    monkeypatch.setattr(protocol, "UNREAD_SECONDS", 0.2)
    async with serving(app, keep_alive=0.2) as (port, state):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, REQUEST.replace(b"Host", b"Connection: %b\r\nHost" % connection))
        for _ in range(60):
            # Much less than the system holds for it.
            assert await loop.sock_recv(client, 4096)
            await asyncio.sleep(0.02)

        assert state.connections
        client.close()


@pytest.mark.parametrize("app", [answer_at_length, answer_at_once])
@pytest.mark.parametrize("connection", [b"keep-alive", b"close"])
async def test_who_stops_reading_is_cut_off(monkeypatch: pytest.MonkeyPatch, app: Any, connection: bytes) -> None:
    monkeypatch.setattr(protocol, "UNREAD_SECONDS", 0.1)
    async with serving(app, keep_alive=0.1) as (port, state):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(REQUEST.replace(b"Host", b"Connection: %b\r\nHost" % connection))
        await reader.read(1)
        async with asyncio.timeout(10):
            while state.connections:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.05)
        writer.close()


LATE_BODIES = [
    (b"Content-Length: 2\r\n", [b"{}"]),
    (b"Content-Length: 2\r\n", [b"{", b"}"]),
    (b"Content-Length: 200000\r\n", [b"x" * 100_000] * 2),
    (b"Transfer-Encoding: chunked\r\n", [b"2\r\n{}\r\n", b"0\r\n\r\n"]),
]


async def early_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, header: bytes) -> bytes:
    writer.write(b"POST / HTTP/1.1\r\nHost: blog\r\n%b\r\n" % header)
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\nNo"), 5)


@pytest.mark.parametrize(("header", "body"), LATE_BODIES)
async def test_a_body_after_the_answer_leaves_the_connection_its_time(
    monkeypatch: pytest.MonkeyPatch, header: bytes, body: list[bytes]
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    async with serving(refuse_unread) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            assert b"401" in await early_answer(reader, writer, header)
            for part in body:
                writer.write(part)
                await asyncio.sleep(0.02)
            # Longer than a head may take.
            await asyncio.sleep(0.2)
        writer.close()


@pytest.mark.parametrize(("header", "body"), LATE_BODIES)
async def test_and_no_more_than_that(monkeypatch: pytest.MonkeyPatch, header: bytes, body: list[bytes]) -> None:
    monkeypatch.setattr(protocol, "REST_SECONDS", 60)
    async with serving(refuse_unread, keep_alive=0.2) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await early_answer(reader, writer, header)
        for part in body:
            writer.write(part)
            await asyncio.sleep(0.02)

        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_a_head_that_follows_such_a_body_at_once_has_the_time_and_space_of_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    async with serving(refuse_unread) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        size = 2 * MAX_HEAD_BYTES
        await early_answer(reader, writer, b"Content-Length: %d\r\n" % size)
        writer.write(b"x" * size + REQUEST[:9])
        await asyncio.sleep(0.02)
        writer.write(REQUEST[9:])
        assert b"401" in await asyncio.wait_for(reader.readuntil(b"\r\n\r\nNo"), 5)

        await early_answer(reader, writer, b"Content-Length: 3\r\n")
        writer.write(b"x")
        await asyncio.sleep(0.02)
        writer.write(b"xx" + REQUEST[:9])

        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
