"""What is answered from memory, to whom, and what must never be."""

import asyncio
import gzip
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
import zstandard
from fastapi import APIRouter
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from app.api.middleware.response_cache import SURROGATE_KEYS, ResponseCacheMiddleware
from app.api.middleware.trusted_hosts import TrustedHosts
from app.api.route_rules import private, public_through_fastapi
from app.api.route_table import RouteTable
from app.cache.store import ResponseStore
from app.db.changes.tracking import InvalidationBus

ORIGIN = "https://blog.example.com"
BODY = b'{"words": "' + b"word " * 400 + b'"}'


class InvalidationListener:
    """Says what it is told to."""

    def __init__(self) -> None:
        self.current = True

    def is_current(self) -> bool:
        return self.current

    async def run(self, stopping: asyncio.Event) -> None:
        raise NotImplementedError


class App:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Scope] = []
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.keys = ["thing:1"]
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.failures = 0
        self.version = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope)
        self.was_asked.set()
        version = self.version
        await self.may_answer.wait()
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError
        if SURROGATE_KEYS in scope:
            scope[SURROGATE_KEYS].add(*self.keys)
        headers = [(b"content-type", b"application/json"), (b"x-version", b"%d" % version), *self.headers]
        headers += [(b"x-request-id", b"made-inside"), (b"content-length", b"%d" % len(BODY))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else BODY})


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def watch() -> InvalidationListener:
    return InvalidationListener()


def _routes() -> APIRouter:
    """The first reads its query, the others do not."""
    router = APIRouter()

    @router.get("/public/1")
    @public_through_fastapi
    async def first(page: int = 1) -> None: ...

    @router.get("/public/mine")
    @private
    async def mine() -> None: ...

    @router.get("/public/{number}")
    @public_through_fastapi
    async def other(number: str) -> None: ...

    return router


def cache_of(
    app: App, watch: InvalidationListener, cdn_seconds: int = 0, *allowed_hosts: str
) -> ResponseCacheMiddleware:
    hosts = TrustedHosts(allowed_hosts)
    cors = partial(CORSMiddleware, allow_origins=[ORIGIN], allow_methods=["*"])
    table = RouteTable(_routes().routes)
    cache = ResponseCacheMiddleware(app, ResponseStore(10_000_000), cors, hosts, table, cdn_seconds)
    cache.follow(InvalidationBus(), watch)
    return cache


@pytest.fixture
def cache(app: App, watch: InvalidationListener) -> ResponseCacheMiddleware:
    return cache_of(app, watch)


def client_of(cache: ResponseCacheMiddleware) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(cache), base_url="http://blog", headers={"Accept-Encoding": "identity"}
    )


async def test_what_was_asked_once_is_not_asked_again(app: App, cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        first, second = [await client.get("/public/1?page=2") for _ in range(2)]

    assert len(app.asked) == 1
    assert first.content == second.content == BODY
    assert second.headers["Content-Type"] == "application/json"
    assert second.headers["Content-Length"] == str(len(BODY))
    assert cache.store.hits == 1


@pytest.mark.parametrize(
    "other", ["/public/2", "/public/1?page=3", "/public/1?page=2&page=2", "/public/1?page=2&", "/public/1/?page=2"]
)
async def test_another_address_is_another_question(app: App, cache: ResponseCacheMiddleware, other: str) -> None:
    async with client_of(cache) as client:
        await client.get("/public/1?page=2")
        await client.get(other)

    assert len(app.asked) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil.example"},
        {"X-Original-URL": "/secret", "X-Rewrite-URL": "/secret"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Cookie": "session=of-somebody"},
        {"Range": "bytes=0-3"},
        {"Accept": "text/html"},
        {"Accept-Language": "eo"},
        {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"Cache-Control": "no-cache"},
        {"Content-Length": "0"},
    ],
)
async def test_no_header_of_an_anonymous_client_changes_what_the_next_one_gets(
    app: App, cache: ResponseCacheMiddleware, headers: dict[str, str]
) -> None:
    async with client_of(cache) as client:
        odd = await client.get("/public/1", headers=headers)
        plain = await client.get("/public/1")

    assert odd.status_code == plain.status_code == 200
    assert odd.content == plain.content == BODY
    assert "evil" not in str(plain.headers)
    assert len(app.asked) == 1


@pytest.mark.parametrize("name", [b"cookie", b"origin", b"range", b"if-none-match", b"accept-encoding"])
async def test_the_app_does_not_see_what_belongs_to_one_request(
    app: App, cache: ResponseCacheMiddleware, name: bytes
) -> None:
    async with client_of(cache) as client:
        await client.get("/public/1", headers={name.decode(): "something"})

    assert name not in dict(app.asked[0]["headers"])


async def test_whoever_shows_a_token_is_answered_by_the_app_and_nobody_else_gets_that(
    app: App, cache: ResponseCacheMiddleware
) -> None:
    async with client_of(cache) as client:
        for _ in range(2):
            await client.get("/public/1", headers={"Authorization": "Bearer mine"})
        assert len(app.asked) == 2
        assert all(SURROGATE_KEYS not in scope for scope in app.asked)
        await client.get("/public/1")
        await client.get("/public/1", headers={"Authorization": ""})

    assert len(app.asked) == 4
    assert len(cache.store) == 1


def _not_found(app: App) -> None:
    app.status = 404


def _with_cookie(app: App) -> None:
    app.headers = [(b"set-cookie", b"session=mine")]


def _of_nobody_elses_business(app: App) -> None:
    app.keys = []


@pytest.mark.parametrize("private", [_not_found, _with_cookie, _of_nobody_elses_business])
async def test_what_is_not_everybodys_is_not_kept(
    app: App, cache: ResponseCacheMiddleware, private: Callable[[App], None]
) -> None:
    private(app)
    async with client_of(cache) as client:
        first, second = [await client.get("/public/1") for _ in range(2)]

    assert len(app.asked) == 2
    assert first.status_code == second.status_code == app.status
    assert first.headers["X-Request-ID"] == "made-inside"
    assert "ETag" not in first.headers


@pytest.mark.parametrize("path", ["/private", "/PUBLIC/1", "//public/1", "/x/../private"])
async def test_other_paths_are_the_apps(app: App, cache: ResponseCacheMiddleware, path: str) -> None:
    async with client_of(cache) as client:
        for _ in range(2):
            await client.get(path)

    assert len(app.asked) == 2
    assert len(cache.store) == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_nothing_but_reading_is_answered_from_memory(
    app: App, cache: ResponseCacheMiddleware, method: str
) -> None:
    async with client_of(cache) as client:
        await client.get("/public/1")
        await client.request(method, "/public/1")

    assert [scope["method"] for scope in app.asked] == ["GET", method]


async def test_head_gets_the_headers_of_get_whichever_comes_first(app: App, cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        head = await client.head("/public/1")
        got = await client.get("/public/1")
        again = await client.head("/public/1")

    assert [scope["method"] for scope in app.asked] == ["GET"]
    assert got.content == BODY
    assert head.content == again.content == b""
    for name in ("Content-Length", "ETag", "Content-Type"):
        assert head.headers[name] == again.headers[name] == got.headers[name]


async def test_whoever_has_it_already_is_told_so(cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        etag = (await client.get("/public/1")).headers["ETag"]
        for wanted in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            response = await client.get("/public/1", headers={"If-None-Match": wanted})
            assert response.status_code == 304
            assert response.content == b""
            assert response.headers["ETag"] == etag
            assert "Cache-Control" in response.headers
            assert "Content-Length" not in response.headers
        for wanted in ('"other"', "", etag.strip('"')):
            assert (await client.get("/public/1", headers={"If-None-Match": wanted})).status_code == 200


async def test_the_first_to_ask_may_have_it_already_too(app: App, cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        etag = (await client.get("/public/1")).headers["ETag"]
        cache.store.invalidate(["thing:1"])
        response = await client.get("/public/1", headers={"If-None-Match": etag})

    assert response.status_code == 304
    assert len(app.asked) == 2


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "gzip"),
        ("GZIP", "gzip"),
        ("zstd;q=0, gzip;q=0.5", "gzip"),
        ("zstd; q=0, gzip; q=0.000", None),
        ("*", "zstd"),
        ("identity, *;q=0", None),
        ("br", None),
        ("", None),
    ],
)
async def test_what_a_client_takes_is_sent_compressed(
    cache: ResponseCacheMiddleware, accepted: str, coding: str | None
) -> None:
    async with client_of(cache) as client:
        async with client.stream("GET", "/public/1", headers={"Accept-Encoding": accepted}) as response:
            raw = b"".join([chunk async for chunk in response.aiter_raw()])
        plain = await client.get("/public/1")

    assert response.headers.get("Content-Encoding") == coding
    unpack: dict[str | None, Callable[[bytes], Any]] = {"gzip": gzip.decompress, "zstd": zstandard.decompress}
    assert unpack.get(coding, bytes)(raw) == BODY
    assert int(response.headers["Content-Length"]) == len(raw)
    assert plain.content == BODY
    assert (response.headers["ETag"] == plain.headers["ETag"]) is (coding is None)
    assert "Accept-Encoding" in response.headers["Vary"]


async def test_pages_of_the_frontend_may_read_it_and_others_may_not(app: App, cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        for origin, allowed in ((ORIGIN, ORIGIN), ("https://evil.example", None), (None, None)) * 2:
            response = await client.get("/public/1", headers={"Origin": origin} if origin else {})
            assert response.headers.get("Access-Control-Allow-Origin") == allowed
            assert "Origin" in response.headers["Vary"]

    assert len(app.asked) == 1


async def test_every_answer_has_an_id_of_its_own_or_the_one_that_was_sent(cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        ids = [(await client.get("/public/1")).headers["X-Request-ID"] for _ in range(3)]
        given = await client.get("/public/1", headers={"X-Request-ID": "from-the-proxy.1"})
        harmful = await client.get("/public/1", headers={"X-Request-ID": "x" * 65})

    assert ids[0] == "made-inside"
    assert len({*ids, harmful.headers["X-Request-ID"]}) == 4
    assert given.headers["X-Request-ID"] == "from-the-proxy.1"
    assert [name for name, _ in given.headers.multi_items()].count("x-request-id") == 1


async def test_caches_in_between_ask_each_time_unless_they_are_told_of_changes(
    app: App, watch: InvalidationListener
) -> None:
    async with client_of(cache_of(app, watch)) as client:
        alone = await client.get("/public/1")
    async with client_of(cache_of(app, watch, cdn_seconds=60)) as client:
        with_cdn = await client.get("/public/1")

    assert alone.headers["Cache-Control"] == "public, max-age=0, s-maxage=0, must-revalidate"
    assert "Surrogate-Key" not in alone.headers
    assert with_cdn.headers["Cache-Control"] == "public, max-age=0, s-maxage=60, stale-while-revalidate=60"
    assert with_cdn.headers["Surrogate-Key"] == "thing:1"


async def test_a_crowd_asks_the_app_once(app: App, cache: ResponseCacheMiddleware) -> None:
    app.may_answer.clear()
    async with client_of(cache) as client:
        crowd = [asyncio.create_task(client.get("/public/1")) for _ in range(20)]
        await _asked(app)
        await asyncio.sleep(0.01)
        app.may_answer.set()
        responses = await asyncio.gather(*crowd)

    assert len(app.asked) == 1
    assert {response.content for response in responses} == {BODY}
    assert len({response.headers["X-Request-ID"] for response in responses}) == 20


async def test_who_asks_after_a_change_does_not_get_what_was_begun_before_it(
    app: App, cache: ResponseCacheMiddleware
) -> None:
    app.may_answer.clear()
    async with client_of(cache) as client:
        before = asyncio.create_task(client.get("/public/1"))
        await _asked(app)
        app.version = 1
        cache.store.invalidate(["thing:1"])
        after = asyncio.create_task(client.get("/public/1"))
        await asyncio.sleep(0.01)
        app.may_answer.set()
        versions = [(await response).headers["X-Version"] for response in (before, after)]
        later = await client.get("/public/1")

    assert versions == ["0", "1"]
    assert later.headers["X-Version"] == "1"


async def test_whoever_does_not_read_the_answer_keeps_nobody_else_waiting(
    app: App, cache: ResponseCacheMiddleware
) -> None:
    stuck = asyncio.Event()

    async def never(_message: Any) -> None:
        stuck.set()
        await asyncio.Event().wait()

    async def nothing() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/public/1", "query_string": b"", "headers": [(b"host", b"blog")]}
    for keys in (["thing:1"], []):
        app.keys = keys
        slow = asyncio.create_task(cache(dict(scope), nothing, never))
        await stuck.wait()
        async with client_of(cache) as client, asyncio.timeout(5):
            assert (await client.get("/public/1")).status_code == 200
        slow.cancel()
        cache.store.invalidate(["thing:1"])
        stuck.clear()


@pytest.mark.parametrize("query", ["?junk=1", "?utm_source=mail", "?" + "x" * 60_000])
async def test_a_query_that_nobody_reads_makes_no_other_answer(
    app: App, cache: ResponseCacheMiddleware, query: str
) -> None:
    async with client_of(cache) as client:
        await client.get("/public/2")
        assert (await client.get(f"/public/2{query}")).status_code == 200

    assert (len(app.asked), len(cache.store)) == (1, 1)


async def test_a_query_that_a_route_does_not_declare_cannot_decide_what_everybody_gets(
    app: App, cache: ResponseCacheMiddleware
) -> None:
    async with client_of(cache) as client:
        await client.get("/public/2?page=2")
        await client.get("/public/1?page=2")

    assert [scope["query_string"] for scope in app.asked] == [b"", b"page=2"]


async def test_what_another_route_answers_is_not_kept(app: App, cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        for _ in range(2):
            await client.get("/public/mine")

    assert (len(app.asked), len(cache.store)) == (2, 0)


async def test_a_query_that_is_too_long_to_make_sense_is_not_kept(app: App, cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        for _ in range(2):
            await client.get("/public/1?" + "x" * 1001)

    assert (len(app.asked), len(cache.store)) == (2, 0)


async def test_long_headers_are_neither_compared_nor_remembered(cache: ResponseCacheMiddleware) -> None:
    async with client_of(cache) as client:
        etag = (await client.get("/public/1")).headers["ETag"]
        long = {"If-None-Match": f'{etag}, "{"x" * 1000}"', "Accept-Encoding": "gzip, " + "x" * 1000}
        response = await client.get("/public/1", headers=long)

    assert response.status_code == 200
    assert "Content-Encoding" not in response.headers


async def test_what_shows_very_much_is_not_for_a_cdn(app: App, watch: InvalidationListener) -> None:
    app.keys = [f"thing:{number}" for number in range(1000)]
    async with client_of(cache_of(app, watch, cdn_seconds=60)) as client:
        response = await client.get("/public/1")

    assert "Surrogate-Key" not in response.headers
    assert "s-maxage=0" in response.headers["Cache-Control"]


async def test_a_failure_is_only_the_first_ones(app: App, cache: ResponseCacheMiddleware) -> None:
    app.may_answer.clear()
    app.failures = 1
    async with client_of(cache) as client:
        first = asyncio.create_task(client.get("/public/1"))
        await _asked(app)
        second = asyncio.create_task(client.get("/public/1"))
        await asyncio.sleep(0.01)
        app.may_answer.set()
        with pytest.raises(ZeroDivisionError):
            await first
        assert (await second).status_code == 200
        assert (await client.get("/public/1")).status_code == 200


async def test_a_crowd_for_what_is_not_everybodys_is_answered_one_by_one(
    app: App, cache: ResponseCacheMiddleware
) -> None:
    app.status = 404
    async with client_of(cache) as client:
        responses = await asyncio.gather(*(client.get("/public/1") for _ in range(5)))

    assert {response.status_code for response in responses} == {404}
    assert len(app.asked) == 5


async def test_nothing_is_answered_from_memory_while_changes_cannot_be_heard(
    app: App, watch: InvalidationListener, cache: ResponseCacheMiddleware
) -> None:
    async with client_of(cache) as client:
        await client.get("/public/1")
        watch.current = False
        for _ in range(2):
            await client.get("/public/1")
        watch.current = True
        await client.get("/public/1")

    assert len(app.asked) == 3


@pytest.mark.parametrize(("host", "is_ours"), [("blog", True), ("BLOG:80", True), ("evil", False), ("", False)])
async def test_who_asks_for_another_host_is_the_apps_to_refuse(
    app: App, watch: InvalidationListener, host: str, is_ours: bool
) -> None:
    async with client_of(cache_of(app, watch, 0, "blog")) as client:
        await client.get("/public/1")
        await client.get("/public/1", headers={"Host": host})

    assert len(app.asked) == (1 if is_ours else 2)


async def _asked(app: App) -> None:
    """Until the app has been asked something that it has not answered yet."""
    async with asyncio.timeout(5):
        await app.was_asked.wait()
