"""The requests of readers and writers.

R1 newest articles, R2 one article, R3 a tag's page 250 articles deep, R5 the comments of an article; W1 login, W2 a new
article with three tags, W3 a new comment, W4 a draft that is saved, W5 drafts that are saved and published in turn.
(R4 is reserved for search, which the blog does not have yet.)

Warm means the same URL every time; cold means a different article, page or list with every request.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from urllib.parse import urlencode

from benchmarks.corpus import COMMON_TAG, PASSWORD, SEED, Size, author_name, has_common_tag, published_at, slug_of
from benchmarks.servers import Server
from benchmarks.texts import WORDS, Texts, texts_of
from benchmarks.wrk import Request

API = "/api/v1"
DEPTH = 250
# How many different addresses a cold run asks for before it begins again.
COLD = 10_000
# Nine reads for a write, and nine comments for an article.
READS = 0.9
COMMENTS_AMONG_WRITES = 0.9
# How the reads of the mix are shared out: R1, R2, R3, R5.
READ_SHARES = {"R1": 0.25, "R2": 0.5, "R3": 0.1, "R5": 0.15}
_JSON = {"Content-Type": "application/json"}


class CannotMeasureError(Exception):
    """The blog does not respond as expected."""


class Operations:
    """The requests for a corpus. The cursors are `next_cursor` of first pages, of all articles and of the tag."""

    def __init__(self, size: Size, newest_cursor: str, tag_cursor: str) -> None:
        self._size = size
        self._newest_cursor = newest_cursor
        self._tag_cursor = tag_cursor
        self._popularity = list(accumulate(1 / rank for rank in range(1, size.articles + 1)))
        self._tagged = [number for number in range(1, size.articles + 1) if has_common_tag(number)]

    # Reads, warm

    def newest(self) -> Request:
        return Request(f"{API}/articles?limit=20")

    def article(self) -> Request:
        return self._article(self._size.articles)

    def tag_page(self) -> Request:
        return self._tag_page(self._tagged[-min(DEPTH, len(self._tagged))])

    def comments(self) -> Request:
        """The comments of the article that has the most of them."""
        return self._comments(self._size.articles)

    # Reads, cold

    def other_newest(self) -> list[Request]:
        """Pages that start anywhere in the list."""
        return [self._newest_page(number) for number in self._spread(range(2, self._size.articles + 1))]

    def other_articles(self) -> list[Request]:
        return [self._article(number) for number in self._spread(range(1, self._size.articles + 1))]

    def other_tag_pages(self) -> list[Request]:
        """Pages of the one tag that start anywhere in its list."""
        return [self._tag_page(number) for number in self._spread(self._tagged[1:])]

    def first_tag_pages(self) -> list[Request]:
        """Pages from the first 250 articles of the tag, however many it has."""
        return [self._tag_page(number) for number in self._spread(self._tagged[-DEPTH:])]

    def other_comments(self) -> list[Request]:
        return [self._comments(number) for number in self._spread(range(1, self._size.articles + 1))]

    # Writes

    def logins(self) -> list[Request]:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        people = [author_name(number) for number in range(1, self._size.authors + 1)]
        return [
            Request(f"{API}/auth/login", form, "POST", urlencode({"username": name, "password": PASSWORD}))
            for name in people
        ]

    def new_articles(self, tokens: Sequence[str], many: int, run: int) -> list[Request]:
        """Articles as long as those of the corpus; their titles differ between runs."""
        random, texts = Random(SEED + run), texts_of(SEED)
        return [self._new_article(random, texts, tokens) for _ in range(many)]

    def new_comments(self, tokens: Sequence[str], many: int, run: int) -> list[Request]:
        """New comments, mostly on the newest articles."""
        random, texts = Random(SEED + run), texts_of(SEED)
        popular = self._popular(random, many)
        return [self._new_comment(random, texts, tokens, number) for number in popular]

    def draft_saves(self, begun: Sequence["Begun"], many: int, run: int) -> list[Request]:
        """Saves of the drafts beside published articles, as long as those of the corpus."""
        random, texts = Random(SEED + run), texts_of(SEED)
        return [self._draft_save(random, texts, begun[place % len(begun)]) for place in range(many)]

    def publications(self, begun: Sequence["Begun"], many: int, run: int) -> list[Request]:
        """Drafts, each of which is saved and then published."""
        saves = self.draft_saves(begun, many // 2, run)
        return [
            request for place, save in enumerate(saves) for request in (save, _publication(begun[place % len(begun)]))
        ]

    # Both

    def reads(self, many: int, run: int) -> list[Request]:
        """Reads in a realistic mix: mostly of what is new."""
        random = Random(SEED + run)
        kinds = random.choices(list(READ_SHARES), list(READ_SHARES.values()), k=many)
        return [self._read(kind, number) for kind, number in zip(kinds, self._popular(random, many), strict=True)]

    def mixed(self, tokens: Sequence[str], many: int, run: int) -> list[Request]:
        """The same reads with a tenth of writes among them."""
        random, texts = Random(SEED - run), texts_of(SEED)
        requests = self.reads(many, run)
        for place in range(many):
            if random.random() >= READS:
                if random.random() < COMMENTS_AMONG_WRITES:
                    (number,) = self._popular(random, 1)
                    requests[place] = self._new_comment(random, texts, tokens, number)
                else:
                    requests[place] = self._new_article(random, texts, tokens)
        return requests

    def _read(self, kind: str, number: int) -> Request:
        if kind == "R1":
            return self.newest()
        if kind == "R2":
            return self._article(number)
        return self._comments(number) if kind == "R5" else self.tag_page()

    def _popular(self, random: Random, many: int) -> list[int]:
        """Articles, Zipf-distributed by how new they are."""
        newest_first = range(self._size.articles, 0, -1)
        return random.choices(newest_first, cum_weights=self._popularity, k=many)

    def _spread(self, numbers: Sequence[int]) -> list[int]:
        """A sample from all of them, in random order."""
        chosen = Random(SEED).sample(numbers, min(COLD, len(numbers)))
        Random(SEED).shuffle(chosen)
        return chosen

    def _article(self, number: int) -> Request:
        return Request(f"{API}/articles/{slug_of(number)}")

    def _comments(self, number: int) -> Request:
        return Request(f"{API}/articles/{slug_of(number)}/comments?limit=20")

    def _newest_page(self, number: int) -> Request:
        return Request(f"{API}/articles?limit=20&cursor={self._cursor(self._newest_cursor, number)}")

    def _tag_page(self, number: int) -> Request:
        cursor = self._cursor(self._tag_cursor, number)
        return Request(f"{API}/articles?tag={COMMON_TAG}&limit=20&cursor={cursor}")

    def _cursor(self, like: str, number: int) -> str:
        """The cursor after this article, in a list for which another cursor is known."""
        list_name, *_ = _read_cursor(like)
        values = [list_name, published_at(self._size, number).isoformat(), number]
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")

    def _new_article(self, random: Random, texts: Texts, tokens: Sequence[str]) -> Request:
        body = {
            "title": f"{' '.join(random.choices(WORDS, k=6))} {random.getrandbits(64):x}",
            "body_markdown": texts.body(random, self._size.words)[0],
            "tags": [f"Tag {number:03}" for number in random.sample(range(1, self._size.tags + 1), 3)],
            "status": "published",
        }
        return Request(f"{API}/articles", {**_JSON, **_by(random, tokens)}, "POST", json.dumps(body))

    def _draft_save(self, random: Random, texts: Texts, article: "Begun") -> Request:
        headers = {**_JSON, "Authorization": f"Bearer {article.token}"}
        body = json.dumps({"body_markdown": texts.body(random, self._size.words)[0]})
        return Request(f"{API}/articles/{article.slug}/draft", headers, "PATCH", body)

    def _new_comment(self, random: Random, texts: Texts, tokens: Sequence[str], number: int) -> Request:
        body = json.dumps({"body_markdown": texts.sentence(random)})
        return Request(self._comments(number).path.partition("?")[0], {**_JSON, **_by(random, tokens)}, "POST", body)


@dataclass(frozen=True)
class Begun:
    """An article to be written on, and the token of its author."""

    slug: str
    token: str


def _publication(article: Begun) -> Request:
    headers = {**_JSON, "Authorization": f"Bearer {article.token}"}
    return Request(f"{API}/articles/{article.slug}/publication", headers, "PUT", "{}")


def _by(random: Random, tokens: Sequence[str]) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {random.choice(tokens)}"}


def _read_cursor(cursor: str) -> list[object]:
    values: list[object] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if [type(value) for value in values] != [str, str, int]:
        raise CannotMeasureError(f"cursors are not [list, published_at, id] any more but {values}")
    return values


def operations_on(server: Server, size: Size) -> Operations:
    """The operations for a server that has the corpus; example cursors are fetched from it."""
    cursors = []
    for path in (f"{API}/articles?limit=20", f"{API}/articles?tag={COMMON_TAG}&limit=1"):
        response = server.ask(path)
        if response.status != 200:  # noqa: PLR2004 - OK
            raise CannotMeasureError(f"{path}: {response.status}")
        cursors.append(json.loads(response.body)["next_cursor"])
    return Operations(size, *cursors)


def access_tokens(server: Server, operations: Operations, people: int = 10) -> list[str]:
    """Access tokens of authors, obtained by logging in."""
    tokens = []
    for request in operations.logins()[:people]:
        response = server.ask(request.path, request.headers, request.method, request.body)
        if response.status != 200:  # noqa: PLR2004 - OK
            raise CannotMeasureError(f"login: {response.status} {response.body.decode()}")
        tokens.append(json.loads(response.body)["access_token"])
    return tokens


def begun_articles(server: Server, operations: Operations, tokens: Sequence[str]) -> list[Begun]:
    """New published articles, one for each of these authors."""
    begun = []
    for number, token in enumerate(tokens):
        (request,) = operations.new_articles([token], 1, -number - 2)
        response = server.ask(request.path, request.headers, request.method, request.body)
        if response.status != 201:  # noqa: PLR2004 - created
            raise CannotMeasureError(f"a new article: {response.status} {response.body.decode()}")
        begun.append(Begun(json.loads(response.body)["slug"], token))
    return begun
