"""Queries for articles: what is shown of one in a list and by itself, and the selects that fetch it.

Wherever an index has the page's order, it decides which articles are on the page. There is no such index for the titles
and comment counts of one tag, author or category: their articles are sorted. For the intersection of several tags or
filters, the articles of the rarest are scanned.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Annotated, Any, Literal, TypedDict

from sqlalchemy import ColumnElement, Select, String, bindparam, case, func, or_, select, type_coerce, union_all

from app.accounts.models import User
from app.cache import keys
from app.content.models import Article, ArticleKind, Category, Tag, Visibility, article_tags
from app.content.queries.articles import (
    ListStatus,
    Reach,
    Viewer,
    exists_for,
    in_list,
    is_own,
    is_page,
    order_of,
    sorted_as,
)
from app.content.queries.authors import AuthorRow
from app.content.queries.categories import CategoryRefRow
from app.content.queries.tags import TagRefRow
from app.content.schemas.articles import ArticleOut, ArticleSummary
from app.core.schemas.pages import MAX_SKIP
from app.db.base import BigId, UtcDateTime
from app.db.compiled_selects import CompiledSelect
from app.db.keyset import Order
from app.db.row_fields import Many, NullWith, SurrogateKey
from app.db.row_shapes import RowShape

# Categories below one, each of which is looked into by itself; of more, the articles are sorted.
MAX_BRANCHES = 24
_KEPT = 256

_its_tags = (
    select()
    .select_from(Tag)
    .join(article_tags, article_tags.c.tag_id == Tag.id)
    .where(article_tags.c.article_id == Article.id)
    .correlate(Article)
)


class SummaryRow(TypedDict):
    """An article in a list."""

    id: Annotated[int, Article.id, SurrogateKey(keys.article, Article.id)]
    version: Annotated[int, Article.version]
    slug: Annotated[str, Article.slug]
    title: Annotated[str, Article.title]
    excerpt: Annotated[str, func.coalesce(func.nullif(Article.given_excerpt, ""), Article.derived_excerpt)]
    status: Annotated[str, type_coerce(Article.status, String)]
    kind: Annotated[str, type_coerce(Article.kind, String)]
    visibility: Annotated[str, type_coerce(Article.visibility, String)]
    language: Annotated[str, Article.language]
    cover_image_url: Annotated[str | None, Article.cover_image_url]
    author: AuthorRow
    category: Annotated[CategoryRefRow | None, NullWith(Category.id)]
    tags: Annotated[list[TagRefRow], Many(_its_tags)]
    word_count: Annotated[int, Article.word_count]
    reading_minutes: Annotated[int, Article.reading_minutes]
    comment_count: Annotated[int, Article.comment_count]
    # A page has no date, for whoever reads it.
    published_at: Annotated[datetime | None, case((~is_page, Article.published_at))]
    created_at: Annotated[datetime, Article.created_at]
    updated_at: Annotated[datetime, Article.updated_at]


class ArticleRow(SummaryRow):
    """An article with its body."""

    body_markdown: Annotated[str, Article.body_markdown]
    body_html: Annotated[str, Article.body_html]


SUMMARY = RowShape(SummaryRow, ArticleSummary)
ARTICLE = RowShape(ArticleRow, ArticleOut)


def _of(shape: RowShape[Any], source: Any = Article) -> Select[Any]:
    return (
        shape.select()
        .select_from(source)
        .join(User, User.id == Article.author_id)
        .outerjoin(Category, Category.id == Article.category_id)
    )


# --- One article ----------------------------------------------------------------------------------------------------

_with_slug = Article.slug == bindparam("slug", type_=String())
BY_ID = CompiledSelect(_of(ARTICLE).where(Article.id == bindparam("id", type_=BigId)))


@cache
def by_slug(viewer: Viewer) -> CompiledSelect:
    return CompiledSelect(_of(ARTICLE).where(_with_slug, exists_for(viewer)))


@cache
def id_by_slug(viewer: Viewer) -> CompiledSelect:
    return CompiledSelect(select(Article.id).where(_with_slug, exists_for(viewer)))


# --- Lists ----------------------------------------------------------------------------------------------------------


Leading = Literal["tag", "author", "category"]


@dataclass(frozen=True, slots=True)
class ArticleListSpec:
    """How a list is filtered and sorted; the values themselves are the select's parameters."""

    status: ListStatus
    sort: str
    reach: Reach = "everybody"
    own: bool = False
    kind: ArticleKind | None = None
    visibility: Visibility | None = None
    author: bool = False
    # How many: `tag_0`, `tag_1` … are slugs, `category_0` … ids.
    tags: int = 0
    categories: int = 0
    # Of several filters the one with the fewest articles: these are walked through. Of the tags it is the first.
    leading: Leading | None = None
    after: bool = False
    before: bool = False
    cursor: bool = False
    size: int = 21
    skip: bool = False

    @property
    def order(self) -> Order:
        return order_of(self.sort, self.status)

    @property
    def by_date(self) -> bool:
        """Whether the order is the one that tags and categories have indexes for."""
        return self.order.columns[0] is Article.published_at

    @property
    def through_tag(self) -> bool:
        """Whether the rows of the first tag are walked through."""
        # These have the dates of what is listed, and of nothing else.
        return self.by_date and self.tags > 0 and self.leads("tag") and self.reach != "all"

    @property
    def tagged_at(self) -> Any:
        """The date by which the rows of the first tag are walked through."""
        return article_tags.c.listed_at if self.reach == "members" else article_tags.c.published_at

    def leads(self, what: Leading) -> bool:
        return self.leading in {what, None}


@lru_cache(_KEPT)
def listing(spec: ArticleListSpec) -> CompiledSelect:
    """A page of articles.

    Besides those of the spec, its parameters are what the order's `after_bound` needs.
    """
    order = spec.order
    if spec.through_tag:
        through = article_tags.c.tag_id == _tag_id(0), spec.tagged_at.is_not(None)
        tagged = order.added_to(_of(SUMMARY, _tagged)).where(*through, *_in_categories(spec))
        return CompiledSelect(_page(spec, tagged, _order_of_tagged(spec)))
    if spec.by_date and 1 < spec.categories <= MAX_BRANCHES and spec.leads("category"):
        return CompiledSelect(_merged(spec))
    if spec.skip:
        # What is left out is not looked up.
        picked = _page(spec, select(*_pair(order)).where(*_in_categories(spec)), order).subquery()
        return CompiledSelect(_looked_up(picked, order))
    return CompiledSelect(_page(spec, order.added_to(_of(SUMMARY)).where(*_in_categories(spec)), order))


def _page(spec: ArticleListSpec, statement: Select[Any], order: Order) -> Select[Any]:
    return _cut(spec, statement.where(*_narrowed(spec, order), *_from_there_on(spec, order)), order)


def _cut(spec: ArticleListSpec, statement: Select[Any], order: Order) -> Select[Any]:
    statement = order.first(statement, spec.size)
    return statement.offset(bindparam("skip", type_=BigId)) if spec.skip else statement


def _from_there_on(spec: ArticleListSpec, order: Order) -> list[ColumnElement[bool]]:
    return [order.after_bound()] if spec.cursor else []


def _narrowed(spec: ArticleListSpec, order: Order) -> list[ColumnElement[bool]]:
    """All conditions except the categories."""
    # Of the row that is walked along, if its order is by this date: an index ends there.
    published_at = order.columns[0] if spec.by_date else Article.published_at
    conditions = [in_list(spec.status, spec.reach, leads=not spec.through_tag), *sorted_as(spec.kind, spec.visibility)]
    if spec.own:
        conditions.append(is_own)
    if spec.author:
        # Looked up by itself, so that the order of the index is seen to be that of the page.
        author = select(User.id).where(User.username == bindparam("author", type_=User.username.type))
        conditions.append(_led(Article.author_id, spec.leads("author")) == author.scalar_subquery())
    if spec.after:
        conditions.append(published_at > bindparam("published_after", type_=UtcDateTime))
    if spec.before:
        conditions.append(published_at < bindparam("published_before", type_=UtcDateTime))
    others = range(1 if spec.through_tag else 0, spec.tags)
    looked_up = spec.by_date and not spec.leads("tag")
    return [*conditions, *(_has_tag(number, looked_up=looked_up) for number in others)]


def _in_categories(spec: ArticleListSpec) -> list[ColumnElement[bool]]:
    ids = [bindparam(f"category_{number}", type_=BigId) for number in range(spec.categories)]
    if not ids:
        return []
    category_id = _led(Article.category_id, spec.leads("category"))
    return [category_id == ids[0] if len(ids) == 1 else or_(*(category_id == one for one in ids))]


def _led(column: Any, leads: bool) -> Any:
    """The column, for a comparison that uses its index only where it leads."""
    return column if leads else column + 0


# Through the tag: its rows have the articles' dates, for indexes of their own.
_tagged = article_tags.join(Article, Article.id == article_tags.c.article_id)


def _order_of_tagged(spec: ArticleListSpec) -> Order:
    return Order(spec.order.name, (spec.tagged_at, article_tags.c.article_id), spec.order.descending)


def _tag_id(number: int) -> Any:
    return select(Tag.id).where(Tag.slug == bindparam(f"tag_{number}", type_=String())).scalar_subquery()


def _has_tag(number: int, *, looked_up: bool) -> ColumnElement[bool]:
    link = article_tags.alias()
    found = select(link.c.tag_id).where(link.c.article_id == Article.id, link.c.tag_id == _tag_id(number))
    found = found.correlate(Article)
    # PostgreSQL may walk through the tag of an EXISTS, but not of a scalar.
    return found.scalar_subquery().is_not(None) if looked_up else found.exists()


def _pair(order: Order) -> list[Any]:
    return [column.label(f"key_{index}") for index, column in enumerate(order.columns)]


def _merged(spec: ArticleListSpec) -> Select[Any]:
    """The first few of each category, and of those the first few."""
    order = spec.order
    branches = []
    for number in range(spec.categories):
        inside = Article.category_id == bindparam(f"category_{number}", type_=BigId)
        branch = select(*_pair(order)).where(inside, *_narrowed(spec, order), *_from_there_on(spec, order))
        # What is left out may all be here.
        first = order.first(branch, spec.size + (MAX_SKIP if spec.skip else 0)).subquery()
        branches.append(select(first.c.key_0, first.c.key_1))
    every = union_all(*branches).subquery()
    chosen = Order(order.name, (every.c.key_0, every.c.key_1), order.descending)
    return _looked_up(_cut(spec, select(every), chosen).subquery(), order)


def _looked_up(picked: Any, order: Order) -> Select[Any]:
    source = picked.join(Article, Article.id == picked.c.key_1)
    chosen = Order(order.name, (picked.c.key_0, picked.c.key_1), order.descending)
    return chosen.sort(order.added_to(_of(SUMMARY, source)))
