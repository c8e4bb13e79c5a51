"""People who read and write all the time, and judge every answer."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.chaos.ledger import Article, Asked, Ledger, Write

API = "/api/v1"
LIST_LENGTH = 20
# Longer than the server may ever need.
TIMEOUT_SECONDS = 15
_COMMENTS_PER_ARTICLE = 40
_READ_PAUSE, _WRITE_PAUSE, _FAILURE_PAUSE = 0.01, 0.02, 0.05
QUIET_SECONDS = 0.7


@dataclass(frozen=True)
class Response:
    """One answer, or none: then there is no status."""

    who: str
    sent: float
    received: float
    status: int | None

    @property
    def is_failure(self) -> bool:
        return self.status is None or self.status >= 500


@dataclass(repr=False)
class Load:
    """Readers and writers of a blog that may run on several servers."""

    urls: Sequence[str]
    token: str
    ledger: Ledger
    number: int = field(default_factory=count(1).__next__)
    # Not where clocks jump: the newest is what the clock says.
    judges_lists: bool = True
    responses: list[Response] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _stopping: bool = False

    @asynccontextmanager
    async def running(self, readers: int = 4, writers: int = 2) -> AsyncIterator["Load"]:
        """Under way for as long as the block runs."""
        actors: list[Coroutine[Any, Any, None]] = [
            *(self._write(number) for number in range(writers)),
            *(self._read(number) for number in range(readers)),
        ]
        tasks = [asyncio.create_task(actor) for actor in actors]
        try:
            yield self
        finally:
            self._stopping = True
            await asyncio.gather(*tasks)

    async def settle(self, since: float, within: float) -> None:
        """Wait until everybody succeeds and nobody fails any more; an error if that takes too long."""
        while time.monotonic() - since < within + QUIET_SECONDS:
            await asyncio.sleep(0.05)
            recent = [response for response in self.responses if response.received > time.monotonic() - QUIET_SECONDS]
            everybody = {response.who for response in self.responses}
            everybody_asks = (
                time.monotonic() - since > QUIET_SECONDS and {response.who for response in recent} == everybody
            )
            if everybody_asks and not any(response.is_failure for response in recent):
                return
        failing = [response for response in self.responses if response.is_failure and response.received > since]
        raise AssertionError(f"{len(failing)} failures in {within} s, the last of them {failing[-1:]}")

    # --- Actors ----------------------------------------------------------------------------------------------------

    def _client(self, number: int, *, token: str | None = None, keeps_connections: bool = True) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.urls[number % len(self.urls)] + API,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=TIMEOUT_SECONDS,
            # Each connection stays with one process: who makes new ones meets them all.
            limits=httpx.Limits() if keeps_connections else httpx.Limits(max_keepalive_connections=0),
        )

    async def _read(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - the same choices every time
        async with self._client(number, keeps_connections=number % 2 == 0) as client:
            reader = _Actor(self, client, f"reader {number}")
            while not self._stopping:
                await reader.read_something(chance)
                await asyncio.sleep(_READ_PAUSE)

    async def _write(self, number: int) -> None:
        async with self._client(number, token=self.token) as client:
            writer = _Actor(self, client, f"writer {number}")
            written = 0
            while not self._stopping:
                written += 1
                article = Article(f"Load {self.number} writer {number} article {written}", is_draft=written % 4 == 0)
                await writer.create(self.ledger.add(article))
                if not article.is_acknowledged:
                    await asyncio.sleep(_FAILURE_PAUSE)
                    continue
                await self._work_on(article, writer)

    async def _work_on(self, article: Article, writer: "_Actor") -> None:
        steps: list[Callable[[Article], Coroutine[Any, Any, bool]]] = [
            writer.comment,
            writer.change,
            writer.read_own,
            writer.comment,
            writer.toggle,
            writer.read_own,
            writer.toggle,
        ]
        for number in range(14):
            if self._stopping:
                return
            step = steps[number % len(steps)]
            if article.is_draft and step in {writer.comment, writer.toggle}:
                continue
            done = await step(article)
            await asyncio.sleep(_WRITE_PAUSE if done else _FAILURE_PAUSE)


@dataclass
class _Actor:
    load: Load
    client: httpx.AsyncClient
    name: str

    async def ask(
        self, method: str, path: str, expected: Iterable[int], **options: Any
    ) -> tuple[httpx.Response | None, Asked]:
        """The answer, if it is one of those expected."""
        sent = time.monotonic()
        try:
            response: httpx.Response | None = await self.client.request(method, path, **options)
        except (httpx.TransportError, AttributeError) as error:
            if isinstance(error, AttributeError) and error.name != "getpeername":
                raise
            # anyio asks a connection that was lost just when it was made for its peer, which it has no more.
            response = None
        received = time.monotonic()
        status = response.status_code if response is not None else None
        self.load.responses.append(Response(self.name, sent, received, status))
        asked = Asked(sent, received)
        if response is None or response.status_code in expected:
            return response, asked
        if response.status_code != 503:
            self.load.wrong.append(f"{method} {path}: {response.status_code} {response.text[:200]}")
        elif "Retry-After" not in response.headers:
            self.load.wrong.append(f"{method} {path}: 503 without Retry-After")
        return None, asked

    # --- Reading ---------------------------------------------------------------------------------------------------

    async def read_something(self, chance: random.Random) -> None:
        articles = list(self.load.ledger.articles.values())[-6:]
        match chance.choice(("list", "article", "article", "comments")):
            case "list":
                await self.read_list()
            case "article" if articles:
                await self.read(chance.choice(articles))
            case "comments" if articles:
                await self.read_comments(chance.choice(articles))
        if self.load.responses and self.load.responses[-1].is_failure:
            await asyncio.sleep(_FAILURE_PAUSE)

    async def read_list(self) -> None:
        response, asked = await self.ask("GET", f"/articles?limit={LIST_LENGTH}", {200})
        if response is not None and self.load.judges_lists:
            self.object(self.load.ledger.objections_to_list(response.json()["items"], LIST_LENGTH, asked))

    async def read(self, article: Article) -> None:
        response, asked = await self.ask("GET", f"/articles/{article.slug}", {200, 404})
        if response is not None and self._rightly_there(article, response, asked):
            self.object(article.objections_to(response.json(), asked))

    async def read_comments(self, article: Article) -> None:
        response, asked = await self.ask("GET", f"/articles/{article.slug}/comments?limit=100", {200, 404})
        if response is not None and self._rightly_there(article, response, asked):
            texts = [item["body_markdown"] for item in response.json()["items"]]
            self.object(article.objections_to_comments(texts, asked))

    def _rightly_there(self, article: Article, response: httpx.Response, asked: Asked) -> bool:
        """Whether it is there; says so if that cannot be."""
        is_there = response.status_code == 200
        if is_there and not article.may_be_shown(asked):
            self.object([f"{article.slug} is shown to an anonymous reader"])
        if not is_there and not article.may_be_hidden(asked):
            self.object([f"{article.slug} is not shown"])
        return is_there

    def object(self, objections: Iterable[str]) -> None:
        self.load.wrong += [f"{self.name}: {objection}" for objection in objections]

    # --- Writing ---------------------------------------------------------------------------------------------------

    async def create(self, article: Article) -> bool:
        status = "draft" if article.is_draft else "published"
        data = {"title": article.title, "body_markdown": article.body(0), "status": status, "tags": ["Load"]}
        response, _ = await self.ask("POST", "/articles", {201}, json=data)
        if response is None:
            return False
        article.versions[0].acknowledge()
        if response.json()["slug"] != article.slug:
            self.object([f"{article.slug} was stored as {response.json()['slug']}"])
        return True

    async def comment(self, article: Article) -> bool:
        if len(article.comments) >= _COMMENTS_PER_ARTICLE:
            return True
        text = f"Comment {len(article.comments)} on {article.title}"
        write = article.comments[text] = Write()
        data = {"body_markdown": text}
        response, _ = await self.ask("POST", f"/articles/{article.slug}/comments", {201}, json=data)
        return _acknowledge(write, response)

    async def change(self, article: Article) -> bool:
        write = Write()
        article.versions.append(write)
        data = {"body_markdown": article.body(len(article.versions) - 1)}
        response, _ = await self.ask("PATCH", f"/articles/{article.slug}", {200}, json=data)
        return _acknowledge(write, response)

    async def toggle(self, article: Article) -> bool:
        was_shown = article.visibility[-1][0]
        write = Write()
        article.visibility.append((not was_shown, write))
        method, expected = ("DELETE", 204) if was_shown else ("PUT", 200)
        response, _ = await self.ask(method, f"/articles/{article.slug}/publication", {expected})
        return _acknowledge(write, response)

    async def read_own(self, article: Article) -> bool:
        """Writers see what they have written at once, wherever they ask."""
        response, asked = await self.ask("GET", f"/articles/{article.slug}", {200})
        if response is None:
            return False
        own = Asked(asked.sent, asked.received, allowance=0)
        self.object(article.objections_to(response.json(), own))
        return True


def _acknowledge(write: Write, response: httpx.Response | None) -> bool:
    if response is not None:
        write.acknowledge()
    return response is not None
