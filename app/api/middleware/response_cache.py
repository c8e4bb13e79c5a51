"""The response cache, outermost of all: public responses come from memory, as fast as the server can send them.

Only anonymous requests are served here, and only with the response that another anonymous request got for the same path
and query (`app.api.anonymous` says who is anonymous); nothing else in a request has any influence on what is stored.
The services collect what a response shows (`SurrogateKeys`): a response without any is private and is not stored.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.anonymous import is_anonymous
from app.api.links import SENT_QUERY
from app.api.middleware.access_log import ACCEPTABLE
from app.api.middleware.cross_origin import is_preflight
from app.api.middleware.root_path import RootPath
from app.api.middleware.trusted_hosts import TrustedHosts
from app.api.route_table import RouteTable
from app.cache.entry import CachedResponse, Header, Variant
from app.cache.keys import EVERYTHING, SurrogateKeys
from app.cache.store import CacheKey, ResponseStore
from app.core.current_request import new_request_id
from app.core.entity_tags import validator_of
from app.db.changes.listeners import InvalidationListener
from app.db.changes.tracking import InvalidationBus

ETAG = b"etag"
# Where in the scope the app finds the collector for what its response shows.
SURROGATE_KEYS = "colophon.surrogate_keys"
# Headers that the app does not get to see: a response that depended on these could not be everybody's.
_HIDDEN_FROM_APP = {b"origin", b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"cookie"}
# Of a response's headers, those that belong to one request alone, and those that are made anew for each encoding.
_NOT_STORED = {b"x-request-id", b"content-length", b"cache-control", b"vary", ETAG}
# Proxies refuse headers that are much longer. Responses that show so much are revalidated each time.
_MAX_KEYS_LENGTH = 3000
# Nothing that makes sense is longer; what is, is not compared.
_MAX_HEADER_LENGTH = 400
_SAFE_METHODS = {"GET", "HEAD"}
_START = "http.response.start"
_BODY = "http.response.body"
_REFUSED = {"q=0", "q=0.", "q=0.0", "q=0.00", "q=0.000"}
_VARY = (b"vary", b"Accept-Encoding, Authorization, Origin")


@dataclass(eq=False)
class _Fill:
    """A response that is being made, for everybody who requests it meanwhile."""

    # The store's version when it was begun.
    version: int
    done: asyncio.Event = field(default_factory=asyncio.Event)
    response: CachedResponse | None = None


@dataclass
class _Recorded:
    """What the app has sent."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == _START:
            self.start = message
        else:
            self.body += message.get("body", b"")

    @property
    def status(self) -> int:
        return int(self.start["status"])


class ResponseCacheMiddleware:
    """The outermost middleware.

    `cors` wraps the app that serves cross-origin requests, `table` says which routes are public at all,
    `cdn_seconds` is how long shared caches in between may serve a response by themselves, and below `root_path` a proxy
    serves it all.
    """

    def __init__(
        self,
        app: ASGIApp,
        store: ResponseStore,
        cors: Callable[[ASGIApp], ASGIApp],
        hosts: TrustedHosts,
        table: RouteTable,
        cdn_seconds: int,
        root_path: str = "",
    ) -> None:
        self.app = app
        self.store = store
        self._cors = cors(self._respond_to_any_origin)
        self._hosts = hosts
        self._table = table
        self._root_path = RootPath(root_path, table)
        self._reads_query = table.public_reads_query
        self._cdn_seconds = cdn_seconds
        self._fills: dict[CacheKey, _Fill] = {}
        self._listener: InvalidationListener | None = None

    def follow(self, invalidations: InvalidationBus, listener: InvalidationListener) -> None:
        """Drop what is invalidated from now on, and answer from memory as long as the listener is current."""
        self.store.invalidate([EVERYTHING])
        invalidations.subscribe(self.store.invalidate)
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = self._root_path.without(scope)
        headers = dict(scope["headers"])
        if b"origin" in headers and not is_preflight(scope, headers):
            await self._cors(scope, receive, send)
            return
        key = self._key(scope, headers)
        if key is not None and (response := self.store.get(key)) is not None:
            # Sent from here: another coroutine would cost as much as the look-up.
            start, body = _messages(response, headers, scope["method"])
            await send(start)
            await send(body)
        else:
            await self._miss(key, headers, scope, receive, send)

    async def _respond_to_any_origin(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        key = self._key(scope, headers)
        if key is not None and (response := self.store.get(key)) is not None:
            await _send(response, headers, scope, send)
        else:
            await self._miss(key, headers, scope, receive, send)

    def _key(self, scope: Scope, headers: dict[bytes, bytes]) -> CacheKey | None:
        """What is requested, if the cache may be used at all.

        It may if the request is anonymous and safe, and all invalidations are known to have been heard. A query that
        nobody reads is left out: it would only make many entries of one.
        """
        if (
            scope["method"] not in _SAFE_METHODS
            or not is_anonymous(scope, headers)
            or self._listener is None
            or not self._listener.is_current()
            or not self._hosts.allow(scope, headers)
        ):
            return None
        path, query = scope["path"], scope["query_string"]
        return path, b"" if query and self._reads_query(path) is False else query

    async def _miss(
        self, key: CacheKey | None, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        if key is not None and self._table.is_cacheable(key):
            await self._fill_and_send(key, headers, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _fill_and_send(
        self, key: CacheKey, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Have the app respond once, to everybody who requests the same meanwhile."""
        fill = self._fills.get(key)
        if fill is None:
            fill = self._fills[key] = _Fill(self.store.version())
            try:
                recorded = await self._fill(fill, key, scope, receive)
            finally:
                # Before anything is sent: a client that reads slowly keeps nobody else waiting.
                fill.done.set()
                self._fills.pop(key, None)
        else:
            await fill.done.wait()
            if fill.response is not None and not self.store.is_outdated(fill.response, fill.version):
                await _send(fill.response, headers, scope, send)
                return
            # It failed, or something has changed since: whoever waited once does not wait again.
            fill = _Fill(self.store.version())
            recorded = await self._fill(fill, key, scope, receive)
        if fill.response is None:
            await _send_recorded(recorded, scope, send)
            return
        # The request id that the app has put into its log.
        headers[b"x-request-id"] = dict(recorded.start["headers"]).get(b"x-request-id", b"")
        await _send(fill.response, headers, scope, send)

    async def _fill(self, fill: _Fill, key: CacheKey, scope: Scope, receive: Receive) -> _Recorded:
        surrogate_keys = SurrogateKeys()
        headers = [header for header in scope["headers"] if header[0] not in _HIDDEN_FROM_APP]
        recorded = _Recorded()
        everybodys = {"method": "GET", "headers": headers, "query_string": key[1], SURROGATE_KEYS: surrogate_keys}
        # For redirects, which are never stored.
        everybodys[SENT_QUERY] = scope["query_string"]
        await self.app({**scope, **everybodys}, receive, recorded.send)
        fill.response = self._public_response(recorded, surrogate_keys)
        if fill.response is not None:
            self.store.put(key, fill.response, fill.version)
        return recorded

    def _public_response(self, recorded: _Recorded, surrogate_keys: SurrogateKeys) -> CachedResponse | None:
        """The response, if it is everybody's."""
        headers: list[Header] = recorded.start["headers"]
        is_private = not surrogate_keys.keys or any(name == b"set-cookie" for name, _ in headers)
        if recorded.status != 200 or is_private:  # noqa: PLR2004
            return None
        stored = tuple(header for header in headers if header[0] not in _NOT_STORED)
        return CachedResponse(
            recorded.body,
            (*stored, *self._caching_headers(surrogate_keys)),
            frozenset(surrogate_keys.keys),
            time.monotonic(),
            said_validator(headers),
        )

    def _caching_headers(self, surrogate_keys: SurrogateKeys) -> list[Header]:
        """What shared caches may do. Without a CDN that is told of invalidations, they revalidate each time."""
        seconds = self._cdn_seconds
        keys = " ".join(sorted(surrogate_keys.keys)).encode()
        if not seconds or len(keys) > _MAX_KEYS_LENGTH:
            return [(b"cache-control", b"public, max-age=0, s-maxage=0, must-revalidate"), _VARY]
        control = f"public, max-age=0, s-maxage={seconds}, stale-while-revalidate={seconds}"
        return [(b"cache-control", control.encode()), _VARY, (b"surrogate-key", keys)]


async def _send(response: CachedResponse, headers: dict[bytes, bytes], scope: Scope, send: Send) -> None:
    for message in _messages(response, headers, scope["method"]):
        await send(message)


def _messages(response: CachedResponse, headers: dict[bytes, bytes], method: str) -> tuple[Message, Message]:
    """The start and the body of what is sent."""
    variant = _variant(response, headers[b"accept-encoding"]) if b"accept-encoding" in headers else response.identity
    if b"if-none-match" in headers and matches(headers[b"if-none-match"], variant.etag):
        start = {"type": _START, "status": 304, "headers": [*variant.not_modified, _request_id(headers)]}
        return start, {"type": _BODY, "body": b""}
    start = {"type": _START, "status": 200, "headers": [*variant.headers, _request_id(headers)]}
    return start, {"type": _BODY, "body": b"" if method == "HEAD" else variant.body}


def _request_id(headers: dict[bytes, bytes]) -> Header:
    given = headers.get(b"x-request-id")
    if given is None or not ACCEPTABLE.fullmatch(given):
        given = new_request_id().encode()
    return b"x-request-id", given


def _variant(response: CachedResponse, accepted: bytes) -> Variant:
    coding = _best_coding(accepted) if len(accepted) <= _MAX_HEADER_LENGTH else "identity"
    variant: Variant = getattr(response, coding)
    return variant


@lru_cache(maxsize=256)
def _best_coding(accepted: bytes) -> str:
    """The best coding that a client accepts: RFC 9110, 12.5.3, except for preferences among those that we have.

    They are called as the attributes of a cached response are.
    """
    accepts: dict[str, bool] = {}
    for item in accepted.decode("latin-1").lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        accepts[coding] = not any(parameter.replace(" ", "") in _REFUSED for parameter in parameters)
    fallback = accepts.get("*", False)
    return next((coding for coding in ("zstd", "gzip") if accepts.get(coding, fallback)), "identity")


def said_validator(headers: Iterable[Header]) -> str:
    """What stands for the resource, as the route has said in the place of the tag; nothing if it has not."""
    return next((validator_of(value.decode()) for name, value in headers if name == ETAG), "")


def matches(wanted: bytes, etag: bytes) -> bool:
    """Whether a client has this response already: RFC 9110, 13.1.2, which compares weakly."""
    if wanted == etag:
        return True
    if len(wanted) > _MAX_HEADER_LENGTH:
        return False
    tags = [tag.strip().removeprefix(b"W/") for tag in wanted.split(b",")]
    return etag in tags or tags == [b"*"]


async def _send_recorded(recorded: _Recorded, scope: Scope, send: Send) -> None:
    """A response that is for this request only."""
    await send(recorded.start)
    await send({"type": _BODY, "body": b"" if scope["method"] == "HEAD" else recorded.body})
