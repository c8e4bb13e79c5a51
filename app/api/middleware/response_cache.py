"""In front of everything else: answers from memory what everybody may read, as fast as the server can send it.

Only what strangers ask for is answered here, and only with what the app has answered another stranger who asked for the
same path and query; nothing else of a request has any influence on what is kept. The services note what an answer shows
(`Shown`): an answer for which nothing was noted is nobody else's business.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.middleware.access_log import ACCEPTABLE
from app.api.middleware.trusted_hosts import TrustedHosts
from app.cache.entry import Answer, Header, Variant
from app.cache.keys import EVERYTHING, Shown
from app.cache.store import AnswerStore, Request
from app.core.current_request import new_request_id
from app.db.changes.listeners import Watch
from app.db.changes.tracking import Purges

# Where the app finds the collector for what its answer shows.
SHOWN = "colophon.shown"
# What a request is asked for without: an answer that depends on these could not be everybody's.
_LEFT_OUT = {b"origin", b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"cookie"}
# Of an answer's headers, those that belong to one request alone, and those that are made anew for each encoding.
_NOT_KEPT = {b"x-request-id", b"content-length", b"cache-control", b"vary"}
# Proxies refuse headers that are much longer. What shows so much is asked for each time.
_LONGEST_KEYS = 3000
# Nothing that makes sense is longer; what is, is neither kept nor compared.
_LONGEST_QUERY = 1000
_LONGEST_HEADER = 400
_READING = {"GET", "HEAD"}
_START = "http.response.start"
_NOTHING: Message = {"type": "http.response.body", "body": b""}
_REFUSED = {"q=0", "q=0.", "q=0.0", "q=0.00", "q=0.000"}
_VARY = (b"vary", b"Accept-Encoding, Authorization, Origin")


@dataclass(frozen=True)
class PublicPaths:
    """Below `prefixes` is what everybody may read; of all that, the `lists` alone read their query, and comments."""

    prefixes: tuple[str, ...]
    lists: frozenset[str]
    list_ending: str = "/comments"

    def request(self, path: str, query: bytes) -> Request:
        """What is asked for: a query that nobody reads would only make one answer many."""
        return path, query if not query or path in self.lists or path.endswith(self.list_ending) else b""

    def may_be_kept(self, request: Request) -> bool:
        path, query = request
        return path.startswith(self.prefixes) and len(query) <= _LONGEST_QUERY


@dataclass(eq=False)
class _Fill:
    """An answer that is being made, for all who ask for it meanwhile."""

    # The moment at which it began.
    mark: int
    done: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Answer | None = None


@dataclass
class _Kept:
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


class Front:
    """An ASGI app in front of another.

    `across_origins` wraps what answers pages of other origins, `public` says where there are public answers at all, and
    `cdn_seconds` is for how long caches in between may answer by themselves.
    """

    def __init__(
        self,
        app: ASGIApp,
        store: AnswerStore,
        across_origins: Callable[[ASGIApp], ASGIApp],
        hosts: TrustedHosts,
        public: PublicPaths,
        cdn_seconds: int,
    ) -> None:
        self.behind = app
        self.store = store
        self._across_origins = across_origins(self._answer_any_origin)
        self._hosts = hosts
        self._public = public
        self._cdn_seconds = cdn_seconds
        self._fills: dict[Request, _Fill] = {}
        self._watch: Watch | None = None

    def follow(self, purges: Purges, watch: Watch) -> None:
        """Forget what is announced here, and answer from memory as long as the watch says that it hears everything."""
        self.store.purge([EVERYTHING])
        purges.subscribe(self.store.purge)
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.behind(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if b"origin" in headers:
            await self._across_origins(scope, receive, send)
        else:
            await self._answer(headers, scope, receive, send)

    async def _answer_any_origin(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(dict(scope["headers"]), scope, receive, send)

    async def _answer(self, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        request = self._public.request(scope["path"], scope["query_string"])
        may_answer = self._may_answer(scope, headers)
        answer = self.store.get(request) if may_answer else None
        if answer is not None:
            # Sent from here: another coroutine would cost as much as the look-up.
            start, body = _messages(answer, headers, scope["method"])
            await send(start)
            await send(body)
        elif may_answer and self._public.may_be_kept(request):
            await self._make(request, headers, scope, receive, send)
        else:
            await self.behind(scope, receive, send)

    def _may_answer(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        """Whether a stranger reads, and it is known that what is kept is up to date."""
        return (
            scope["method"] in _READING
            and b"authorization" not in headers
            and self._watch is not None
            and self._watch.is_current()
            and (self._hosts.are_all or headers.get(b"host", b"") in self._hosts)
        )

    async def _make(
        self, request: Request, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Have the app answer, for all who ask for the same meanwhile."""
        fill = self._fills.get(request)
        if fill is None:
            fill = self._fills[request] = _Fill(self.store.mark())
            try:
                kept = await self._fill(fill, request, scope, receive)
            finally:
                # Before anything is sent: whoever does not read what is sent keeps nobody else waiting.
                fill.done.set()
                self._fills.pop(request, None)
        else:
            await fill.done.wait()
            if fill.answer is not None and not self.store.is_outdated(fill.answer, fill.mark):
                await _send(fill.answer, headers, scope, send)
                return
            # It failed, or something has changed since: whoever waited once does not wait again.
            fill = _Fill(self.store.mark())
            kept = await self._fill(fill, request, scope, receive)
        if fill.answer is None:
            await _pass_on(kept, scope, send)
            return
        # The one that the app has put into its log.
        headers[b"x-request-id"] = dict(kept.start["headers"]).get(b"x-request-id", b"")
        await _send(fill.answer, headers, scope, send)

    async def _fill(self, fill: _Fill, request: Request, scope: Scope, receive: Receive) -> _Kept:
        shown = Shown()
        asked = [header for header in scope["headers"] if header[0] not in _LEFT_OUT]
        kept = _Kept()
        await self.behind({**scope, "method": "GET", "headers": asked, SHOWN: shown}, receive, kept.send)
        fill.answer = self._answer_of(kept, shown)
        if fill.answer is not None:
            self.store.put(request, fill.answer, fill.mark)
        return kept

    def _answer_of(self, kept: _Kept, shown: Shown) -> Answer | None:
        """The answer, if it is everybody's."""
        headers: list[Header] = kept.start["headers"]
        if kept.status != 200 or not shown.keys or any(name == b"set-cookie" for name, _ in headers):  # noqa: PLR2004
            return None
        lasting = tuple(header for header in headers if header[0] not in _NOT_KEPT)
        return Answer(kept.body, (*lasting, *self._caching(shown)), frozenset(shown.keys), time.monotonic())

    def _caching(self, shown: Shown) -> list[Header]:
        """What caches in between may do. Without a network of them that is told of changes, they ask each time."""
        seconds = self._cdn_seconds
        keys = " ".join(sorted(shown.keys)).encode()
        if not seconds or len(keys) > _LONGEST_KEYS:
            return [(b"cache-control", b"public, max-age=0, s-maxage=0, must-revalidate"), _VARY]
        control = f"public, max-age=0, s-maxage={seconds}, stale-while-revalidate={seconds}"
        return [(b"cache-control", control.encode()), _VARY, (b"surrogate-key", keys)]


async def _send(answer: Answer, headers: dict[bytes, bytes], scope: Scope, send: Send) -> None:
    for message in _messages(answer, headers, scope["method"]):
        await send(message)


def _messages(answer: Answer, headers: dict[bytes, bytes], method: str) -> tuple[Message, Message]:
    """The start and the body of what is sent."""
    variant = _variant(answer, headers[b"accept-encoding"]) if b"accept-encoding" in headers else answer.identity
    if b"if-none-match" in headers and _matches(headers[b"if-none-match"], variant.etag):
        return {"type": _START, "status": 304, "headers": [*variant.not_modified, _own_id(headers)]}, _NOTHING
    start = {"type": _START, "status": 200, "headers": [*variant.headers, _own_id(headers)]}
    return start, _NOTHING if method == "HEAD" else variant.message


def _own_id(headers: dict[bytes, bytes]) -> Header:
    given = headers.get(b"x-request-id")
    is_harmless = given is not None and ACCEPTABLE.fullmatch(given)
    return b"x-request-id", given if given and is_harmless else new_request_id().encode()


def _variant(answer: Answer, accepted: bytes) -> Variant:
    match _coding(accepted):
        case "zstd":
            return answer.zstd
        case "gzip":
            return answer.gzip
        case _:
            return answer.identity


def _coding(accepted: bytes) -> str:
    return _best_coding(accepted) if len(accepted) <= _LONGEST_HEADER else "identity"


@lru_cache(maxsize=256)
def _best_coding(accepted: bytes) -> str:
    """The best coding that a client takes: RFC 9110, 12.5.3, but for preferences among those that we have."""
    taken: dict[str, bool] = {}
    for item in accepted.decode("latin-1").lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        taken[coding] = not any(parameter.replace(" ", "") in _REFUSED for parameter in parameters)
    fallback = taken.get("*", False)
    return next((coding for coding in ("zstd", "gzip") if taken.get(coding, fallback)), "identity")


def _matches(wanted: bytes, etag: bytes) -> bool:
    """Whether a client has this already: RFC 9110, 13.1.2, which compares weakly."""
    if wanted == etag:
        return True
    if len(wanted) > _LONGEST_HEADER:
        return False
    tags = [tag.strip().removeprefix(b"W/") for tag in wanted.split(b",")]
    return etag in tags or tags == [b"*"]


async def _pass_on(kept: _Kept, scope: Scope, send: Send) -> None:
    """An answer that is for this request only."""
    await send(kept.start)
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else kept.body})
