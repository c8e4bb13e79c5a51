"""What each person is to find at an address: one of some statuses, and what the answer says."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tests.support.writing_model.blog import ANONYMOUS, EDITOR, READER, WRITERS, Article, Blog, Category, Tag
from tests.support.writing_model.writing import exists_for

FOUND, REFUSED = 200, 401


@dataclass(frozen=True)
class View:
    """`content` is compared with what `read` makes of an answer."""

    statuses: tuple[int, ...]
    content: Any = None
    read: Callable[[Any], Any] = lambda body: body
    # With which its entity tag begins.
    validator: str = ""
    # What the answer may say besides.
    also: str = ""


def nothing(*statuses: int, also: str = "") -> View:
    return View(statuses, also=also)


_SORTS: dict[str, tuple[Callable[[Article], Any], bool]] = {
    "newest": (lambda article: (_time(article), article.id), True),
    "oldest": (lambda article: (_time(article), article.id), False),
    "title": (lambda article: (article.row.title, article.id), False),
    "most_commented": (lambda article: (len(article.present_comments), article.id), True),
}
_SHOWN = ("id", "version", "slug", "title", "excerpt", "status", "kind", "visibility", "cover_image_url")


class Views:
    """Of everybody, as the blog is now."""

    def __init__(self, blog: Blog) -> None:
        self._blog = blog

    def article(self, who: str, article: Article) -> View:
        if not exists_for(who, article):
            return self.missing(who, article.row.slug)
        whole = {**_summary(article), "body_markdown": article.row.body_markdown}
        return View((FOUND,), whole, lambda body: _read(body, *whole), _validator(article, article.version))

    # Whether what was found under a slug that is none any more is found all the same.
    follows_links = False

    def missing(self, who: str, slug: str) -> View:
        """What is said of a slug under which somebody finds no article."""
        article = self._blog.leads_to.get(slug)
        if not self.follows_links or article is None:
            return nothing(404)
        # The last one that it has led to and that this person sees.
        seen = [each for each in (*self._blog.led_to[slug], article) if exists_for(who, each)]
        if seen and seen[-1].row.slug != slug:
            return nothing(308, also=seen[-1].row.slug)
        were_here = (*self._blog.led_to[slug], article)
        is_gone = any(each.is_deleted and (slug, each) in self._blog.were_public for each in were_here)
        return nothing(410 if is_gone else 404)

    def former_article(self, who: str, slug: str) -> View:
        present = next((each for each in self._blog.articles if each.row.slug == slug), None)
        return self.article(who, present) if present else self.missing(who, slug)

    def former_tag(self, who: str, slug: str) -> View:
        present = next((each for each in self._blog.tags if each.slug == slug), None)
        if present is not None and (who == EDITOR or self._number_of(present)):
            return self.tag(who, present)
        return self._missing_tag(who, slug)

    def _missing_tag(self, who: str, slug: str) -> View:
        if not self.follows_links or slug not in self._blog.former_tags:
            return nothing(404)
        tag = self._blog.former_tags[slug]
        if tag is None:
            return nothing(410)
        is_seen = (who == EDITOR or self._number_of(tag)) and tag.slug != slug
        return nothing(308, also=tag.slug) if is_seen else nothing(404)

    def former_category(self, slug: str) -> View:
        category = self._blog.former_categories[slug]
        if not self.follows_links:
            return nothing(404)
        return nothing(410) if category is None else nothing(308, also=category.slug)

    def comments(self, who: str, article: Article) -> View:
        if not exists_for(who, article):
            return self.missing(who, article.row.slug)
        shown = [(each.id, each.body) for each in article.present_comments]
        return View((FOUND,), shown, lambda body: [(each["id"], each["body_markdown"]) for each in body["items"]])

    def listed(self, who: str, sort: str = "newest", wanted: Callable[[Article], bool] = lambda _: True) -> View:
        """A list of what is found without asking for more."""
        return self._list(sort, [each for each in self._blog.articles if _is_found_by(who, each) and wanted(each)])

    def kept_back(self, who: str, wanted: Callable[[Article], bool]) -> View:
        """A list of one's own, or of all for editors, of what is not found in others."""
        if who == ANONYMOUS:
            return nothing(REFUSED)
        own = [each for each in self._blog.articles if wanted(each) and who in {EDITOR, each.author}]
        return View((FOUND,), *_in_any_order(own))

    def members_only(self, who: str) -> View:
        if who == ANONYMOUS:
            return nothing(REFUSED)
        return self.listed(who, wanted=lambda article: article.row.visibility == "members")

    def deleted(self, who: str) -> View:
        if who != EDITOR:
            return nothing(REFUSED if who == ANONYMOUS else 403)
        return View((FOUND,), *_in_any_order([each for each in self._blog.articles if each.is_deleted]))

    def tags(self, who: str) -> View:
        counts = {tag: self._number_of(tag) for tag in self._blog.tags}
        shown = sorted((tag.slug, tag.name, n) for tag, n in counts.items() if n or who == EDITOR)
        return View(
            (FOUND,),
            shown,
            lambda body: [(each["slug"], each["name"], each["article_count"]) for each in body["items"]],
        )

    def tag(self, who: str, tag: Tag) -> View:
        number = self._number_of(tag)
        if not number and who != EDITOR:
            return self._missing_tag(who, tag.slug)
        return View((FOUND,), {"slug": tag.slug, "name": tag.name, "article_count": number})

    def authors(self) -> View:
        counts = [(who, self._count(partial(_is_by, who))) for who in sorted(WRITERS)]
        return View(
            (FOUND,),
            [(who, number) for who, number in counts if number],
            lambda body: [(each["username"], each["article_count"]) for each in body["items"]],
        )

    def author(self, name: str) -> View:
        number = self._count(lambda article: article.author == name)
        return View((FOUND,), number, lambda body: body["article_count"]) if number else nothing(404)

    def categories(self) -> View:
        shown = {
            each.slug: (
                each.name,
                each.description,
                each.parent and each.parent.slug,
                self._count(partial(_is_within, each)),
            )
            for each in self._blog.categories
        }
        return View((FOUND,), shown, lambda body: dict(_flat(body)))

    def draft(self, who: str, article: Article) -> View:
        if refusal := self._refusal(who, article):
            return refusal
        if article.is_published and article.draft is None:
            return nothing(404)
        written = article.written
        content = {**written.text.shown(), "version": written.version, "article_slug": article.row.slug}
        return View((FOUND,), content, lambda body: _read_text(body, content), _validator(article, written.version))

    def revision(self, who: str, article: Article, number: int) -> View:
        if refusal := self._refusal(who, article):
            return refusal
        if number not in article.revisions:
            return nothing(404)
        revision = article.revisions[number]
        content = {**revision.text.shown(), "number": number, "name": revision.name}
        return View((FOUND,), content, lambda body: _read_text(body, content))

    def history(self, who: str, article: Article) -> View:
        if refusal := self._refusal(who, article):
            return refusal
        kept = {number: each for number, each in article.revisions.items() if not each.is_superseded}
        shown = [(number, each.text.title, each.name) for number, each in kept.items()]

        def read(body: Any) -> list[Any]:
            listed = [(each["number"], each["title"], each["name"]) for each in body["items"]]
            return [each for each in listed if each[0] in kept or each[0] not in article.revisions]

        superseded = {each.text.title for each in article.revisions.values() if each.is_superseded}
        return View((FOUND,), shown[::-1], read, also=" ".join(superseded))

    def _refusal(self, who: str, article: Article) -> View | None:
        if who == ANONYMOUS:
            return nothing(REFUSED)
        if not exists_for(who, article) and not (who == EDITOR and article.is_deleted):
            return self.missing(who, article.row.slug)
        return nothing(403) if who == READER or who not in {EDITOR, article.author} else None

    def _list(self, sort: str, found: list[Article]) -> View:
        key, descending = _SORTS[sort]
        ordered = sorted(found, key=key, reverse=descending)
        return View((FOUND,), [_summary(each) for each in ordered], _read_list)

    def _number_of(self, tag: Tag) -> int:
        return self._count(lambda article: tag in article.tags)

    def _count(self, wanted: Callable[[Article], bool]) -> int:
        return sum(article.is_listed and wanted(article) for article in self._blog.articles)


def _is_found_by(who: str, article: Article) -> bool:
    if who == ANONYMOUS:
        return article.is_listed
    return article.is_public and article.row.kind == "article" and article.row.visibility != "unlisted"


def _summary(article: Article) -> dict[str, Any]:
    text = article.row
    values = {
        **{name: getattr(text, name) for name in ("slug", "title", "kind", "visibility", "cover_image_url")},
        "id": article.id,
        "version": article.version,
        "excerpt": text.excerpt or text.body_markdown,
        "status": "published" if article.is_published else "draft",
    }
    return {
        **{name: values[name] for name in _SHOWN},
        "author": article.author,
        "category": text.category and (text.category.slug, text.category.name),
        "tags": sorted((tag.slug, tag.name) for tag in article.tags),
        "comment_count": len(article.present_comments),
        "published_at": None if text.kind == "page" else article.published_at,
    }


def _read(body: Any, *names: str) -> dict[str, Any]:
    """An article as it is shown, in the form of `_summary`."""
    return {name: body[name] for name in names} | {
        "author": body["author"]["username"],
        "category": _category(body),
        "tags": sorted((tag["slug"], tag["name"]) for tag in body["tags"]),
    }


def _read_list(body: Any) -> list[dict[str, Any]]:
    names = (*_SHOWN, "comment_count", "published_at")
    return [_read(item, *names) for item in body["items"]]


def _in_any_order(articles: Iterable[Article]) -> tuple[Any, Callable[[Any], Any]]:
    by_id = {article.id: _summary(article) for article in articles}
    return by_id, lambda body: {item["id"]: item for item in _read_list(body)}


def _read_text(body: Any, content: dict[str, Any]) -> dict[str, Any]:
    """A draft or a revision, in the form of `Text.shown`."""
    shown = {name: body[name] for name in content}
    return {**shown, "category": _category(body), "tags": sorted(body["tags"])}


def _category(body: Any) -> tuple[str, str] | None:
    return body["category"] and (body["category"]["slug"], body["category"]["name"])


def _flat(trees: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    for each in trees:
        yield each["slug"], (each["name"], each["description"], each["parent"], each["article_count"])
        yield from _flat(each["children"])


def _is_by(who: str, article: Article) -> bool:
    return article.author == who


def _is_within(category: Category, article: Article) -> bool:
    return category in _line(article)


def _line(article: Article) -> Iterable[Any]:
    return article.row.category.line() if article.row.category else ()


def _time(article: Article) -> datetime:
    return datetime.fromisoformat(article.published_at or "")


def _validator(article: Article, version: int) -> str:
    return f'"{article.id}.{version}-'


WORD = re.compile(r"zq\d{5}qz", re.IGNORECASE)


def words_in(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}
