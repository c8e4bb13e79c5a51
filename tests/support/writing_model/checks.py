"""Readers of both apps, who compare what they get with what they are to see."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, cycle
from typing import Any

import httpx

from tests.support.examples import IS_LONG
from tests.support.writing_model.blog import ANNA, ANONYMOUS, EDITOR, PEOPLE, READER, WRITERS, Article, Blog
from tests.support.writing_model.stage import APPS, Stage
from tests.support.writing_model.views import View, Views, words_in

# What another process may take to hear of a change.
HEARD_SECONDS = 0.1
# After each step, so many pages about the article that has just changed are read, and so many of all.
NEAR, FAR = (12, 24) if IS_LONG else (4, 5)
# And so many at the end.
LAST = 1000 if IS_LONG else 50
# A prime number, by which neighbours in the list of all pages are not read together.
STRIDE = 97
Page = tuple[str, str, Callable[[], View]]


@dataclass
class Readers:
    blog: Blog
    stage: Stage
    # What has been done, for whoever wants to know how it came to this.
    steps: list[str] = field(default_factory=list)
    written_at: float = 0.0
    has_failed: bool = False
    _known: dict[tuple[Any, ...], tuple[str, Any]] = field(default_factory=dict)
    _turn: int = 0
    _encodings: Iterator[str] = field(default_factory=lambda: cycle(["zstd", "identity", "gzip"]))

    def __post_init__(self) -> None:
        self.views = Views(self.blog)
        self.views.follows_links = "308" in self.stage.operation("get", "/articles/{slug}").get("responses", {})

    def after_step(self, touched: Article | None) -> None:
        """Read what has been touched, above all without an account, and some of the rest."""
        self._turn += 1
        self.learn_dates()
        near = list(self.around(touched)) if touched is not None else []
        for app in APPS:
            self.read(app, [page for page in near if page[0] == ANONYMOUS])
        self.read(self._turn % 2, self._some(near, NEAR))
        self.read(self._turn // 2 % 2, self._some(list(self.everything()), FAR))

    def _some(self, pages: list[Page], number: int) -> list[Page]:
        """Other ones at each step."""
        start = self._turn * number
        return [pages[(start + offset) * STRIDE % len(pages)] for offset in range(min(number, len(pages)))]

    def at_the_end(self) -> None:
        self.learn_dates()
        for app in APPS:
            self.read(app, self._some(list(self.everything()), LAST))

    def learn_dates(self) -> None:
        """When articles were published that were given no date: it stays so from then on."""
        for article in self.blog.articles:
            shown = not article.is_deleted and article.row.kind == "article"
            if article.published_at == "some day" and shown:
                response = self.stage.send(0, EDITOR, "GET", f"/articles/{article.row.slug}")
                article.published_at = response.json()["published_at"]

    def read(self, app: int, pages: Iterable[Page]) -> None:
        for who, path, view in pages:
            problem = self._problem(app, who, path, view())
            late = self.written_at + HEARD_SECONDS - time.monotonic()
            if problem and late > 0:
                # Perhaps it has not heard of it yet.
                self.stage.wait(late)
                problem = self._problem(app, who, path, view())
            if problem:
                self.fail(f"{who} GET {path} on app {app}: {problem}")

    def fail(self, problem: str) -> None:
        self.has_failed = True
        raise AssertionError("\n".join([*self.steps, problem]))

    def _problem(self, app: int, who: str, path: str, view: View) -> str:
        encoding = next(self._encodings)
        key = (app, who, path, encoding)
        headers = {"Accept-Encoding": encoding}
        if key in self._known:
            headers["If-None-Match"] = self._known[key][0]
        response = self.stage.send(app, who, "GET", path, headers=headers)
        if response.status_code == httpx.codes.NOT_MODIFIED:
            shown = self._known[key][1]
            return "" if shown == view.content else f"304 stands for {shown} instead of {view.content}"
        if response.status_code not in view.statuses:
            return f"{response.status_code} instead of {view.statuses}: {response.text}"
        problem = leak(response, words_in(f"{path} {view.content} {view.also}"))
        if response.has_redirect_location and view.also not in response.headers["Location"]:
            problem = f"leads to {response.headers['Location']} instead of {view.also}"
        return problem or (self._compare(key, response, view) if response.is_success else "")

    def _compare(self, key: tuple[Any, ...], response: httpx.Response, view: View) -> str:
        shown, tag = view.read(response.json()), response.headers.get("ETag", "")
        if tag:
            self._known[key] = tag, shown
        if not tag.startswith(view.validator):
            return f"has the entity tag {tag} instead of {view.validator}"
        return "" if shown == view.content else f"\n  shows {shown}\n  instead of {view.content}"

    def around(self, article: Article) -> Iterator[Page]:
        """What is about one article."""
        path, views = f"/articles/{article.row.slug}", self.views
        for who in PEOPLE:
            yield who, path, partial(views.article, who, article)
        for who in (ANONYMOUS, READER):
            yield who, f"{path}/comments", partial(views.comments, who, article)
        for who in (article.author, READER):
            yield who, f"{path}/draft", partial(views.draft, who, article)
        yield article.author, f"{path}/revisions?limit=100", lambda: views.history(article.author, article)
        for number in {article.version, article.written.version, 1 + article.version * 7 % article.latest}:
            yield (
                EDITOR,
                f"{path}/revisions/{number}",
                partial(views.revision, EDITOR, article, number),
            )

    def everything(self) -> Iterator[Page]:
        return chain(self._lists(), self._former(), *(self._about(article) for article in self.blog.articles))

    def _former(self) -> Iterator[Page]:
        """What was found under other slugs once."""
        views, blog = self.views, self.blog
        for who in PEOPLE:
            for slug in blog.leads_to:
                yield who, f"/articles/{slug}", partial(views.former_article, who, slug)
            for slug in blog.former_tags:
                yield who, f"/tags/{slug}", partial(views.former_tag, who, slug)
            for slug in blog.former_categories:
                yield who, f"/categories/{slug}", partial(views.former_category, slug)

    def _about(self, article: Article) -> Iterator[Page]:
        path, views = f"/articles/{article.row.slug}", self.views
        yield from self.around(article)
        for who in (*WRITERS, ANONYMOUS):
            yield who, f"{path}/comments", partial(views.comments, who, article)
            yield who, f"{path}/draft", partial(views.draft, who, article)
            yield who, f"{path}/revisions?limit=100", partial(views.history, who, article)
            yield who, f"{path}/revisions/1", partial(views.revision, who, article, 1)

    def _lists(self) -> Iterator[Page]:
        views, blog = self.views, self.blog
        for who in PEOPLE:
            for sort in ("newest", "oldest", "title", "most_commented"):
                yield who, f"/articles?sort={sort}", partial(views.listed, who, sort)
            yield who, "/tags?limit=100", partial(views.tags, who)
            yield who, "/authors", views.authors
            yield who, "/categories", views.categories
            for name in (ANNA, EDITOR):
                yield who, f"/authors/{name}", partial(views.author, name)
                yield who, f"/articles?author={name}", partial(views.listed, who, wanted=_by(name))
            for tag in blog.tags[-4:]:
                yield who, f"/tags/{tag.slug}", partial(views.tag, who, tag)
                yield who, f"/articles?tag={tag.slug}", partial(views.listed, who, wanted=_tagged(tag))
            for category in blog.categories:
                path = f"/articles?category={category.slug}&sort=title"
                yield who, path, partial(views.listed, who, "title", _within(category))
            yield who, "/articles?kind=page", partial(views.kept_back, who, _is_page)
            yield who, "/articles?visibility=unlisted", partial(views.kept_back, who, _is_unlisted)
            yield who, "/articles?visibility=members", partial(views.members_only, who)
            yield who, "/articles?status=draft", partial(views.kept_back, who, _is_draft)
            yield who, "/articles?status=deleted", partial(views.deleted, who)


def leak(response: httpx.Response, allowed: set[str]) -> str:
    """What an answer says anywhere that it is not to say."""
    said = words_in(f"{response.headers} {response.text}") - allowed
    return f"says {sorted(said)}: {response.text} {response.headers}" if said else ""


def _by(name: str) -> Callable[[Article], bool]:
    return lambda article: article.author == name


def _tagged(tag: Any) -> Callable[[Article], bool]:
    return lambda article: tag in article.tags


def _within(category: Any) -> Callable[[Article], bool]:
    return lambda article: article.row.category is not None and category in article.row.category.line()


def _is_page(article: Article) -> bool:
    return article.is_public and article.row.kind == "page"


def _is_unlisted(article: Article) -> bool:
    return article.is_public and article.row.visibility == "unlisted"


def _is_draft(article: Article) -> bool:
    return not article.is_published and not article.is_deleted
