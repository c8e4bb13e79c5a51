"""Articles: listed and shown."""

import re
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import select

from app.accounts.policies.actors import Actor
from app.cache import keys
from app.content.errors import ArticleNotFound
from app.content.models import Article
from app.content.policies import require_article_listing
from app.content.queries import article_rows, articles
from app.content.queries.article_rows import ArticleRow, SummaryRow
from app.content.schemas.articles import ArticleListQuery, article_validator
from app.content.services.categories import CategoryService
from app.content.services.list_specs import list_spec
from app.content.services.narrowing import narrowest_first
from app.content.services.permalinks import Permalinks
from app.content.services.tags import TagService
from app.core.slugs import SLUG_PATTERN
from app.db.compiled_selects import CompiledSelect, Row
from app.db.paging import PageResult, empty_page, read_page
from app.unit_of_work import UnitOfWork


class ArticleService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._tags = TagService(unit)
        self._categories = CategoryService(unit)
        self._permalinks = Permalinks(unit)

    async def list(self, actor: Actor, query: ArticleListQuery) -> PageResult[SummaryRow]:
        """A page of articles without their bodies. Raises `InvalidCursor`."""
        require_article_listing(actor, query)
        surrogate_keys: set[str] = set()
        page = await self._page(actor, query)
        items = article_rows.SUMMARY.unpack(page.items, surrogate_keys)
        if actor is None:
            self._unit.surrogate_keys.add(*surrogate_keys, *_cut_from(query))
        return PageResult(items, page.next_cursor)

    async def _page(self, actor: Actor, query: ArticleListQuery) -> PageResult[Row]:
        tags = dict.fromkeys(query.tag)
        within = await self._categories.subtree(query.category) if query.category is not None else []
        spec = list_spec(actor, query, tags=len(tags), categories=len(within))
        values = {
            "actor_id": actor.id if actor else None,
            "author": query.author,
            "published_after": query.published_after,
            "published_before": query.published_before,
            "skip": query.skip,
            **{f"tag_{number}": slug for number, slug in enumerate(tags)},
            **{f"category_{number}": category_id for number, category_id in enumerate(within)},
        }
        if query.category is not None and not within:
            return empty_page(spec.order, query)
        narrowed = await narrowest_first(self._unit.rows, spec, values)
        if narrowed is None:
            return empty_page(spec.order, query)
        chosen, bound = narrowed

        def listing(cursor: bool, size: int) -> CompiledSelect:
            return article_rows.listing(replace(chosen, cursor=cursor, size=size))

        return await read_page(self._unit.rows, listing, chosen.order, query, bound)

    async def get(self, actor: Actor, slug: str) -> ArticleRow:
        """One article with its bodies. Raises `ArticleNotFound`, `Moved` or `Gone`."""
        values = {"slug": slug, "actor_id": actor.id if actor else None}
        found = await self._unit.rows.fetch(article_rows.by_slug(articles.viewer_of(actor)), values)
        if not found:
            raise await self._permalinks.missing(actor, "article", slug)
        surrogate_keys: set[str] = set()
        (article,) = article_rows.ARTICLE.unpack(found, surrogate_keys)
        if actor is None:
            self._unit.surrogate_keys.add(*surrogate_keys)
        return article

    async def id_of(self, actor: Actor, slug: str) -> int:
        """The id of an article that exists for the actor. Raises `ArticleNotFound`."""
        values = {"slug": slug, "actor_id": actor.id if actor else None}
        found = await self._unit.rows.fetch(article_rows.id_by_slug(articles.viewer_of(actor)), values)
        if not found:
            raise ArticleNotFound
        ((article_id,),) = found
        return int(article_id)

    async def id_to_read(self, actor: Actor, slug: str) -> int:
        """The same, for what only reads. Raises `Moved` or `Gone` too."""
        try:
            return await self.id_of(actor, slug)
        except ArticleNotFound:
            raise await self._permalinks.missing(actor, "article", slug) from None

    async def any_exist(self) -> bool:
        """Whether there are any articles at all, including drafts and deleted ones."""
        return await self._unit.session.scalar(select(Article.id).limit(1)) is not None

    async def require_version(self, article: Article) -> None:
        """Require that this is the article which the request is meant for. Raises `PreconditionFailed`."""
        validator = article_validator(article.id, article.version)
        await self._unit.preconditions.require(lambda: self.shown(article.id), validator)

    async def shown(self, article_id: int) -> ArticleRow:
        """An article, whoever may see it, as it is read from now on."""
        found = await self._unit.rows.fetch(article_rows.BY_ID, {"id": article_id})
        (shown,) = article_rows.ARTICLE.unpack(found, set())
        return shown


def _cut_from(query: ArticleListQuery) -> Iterator[str]:
    """The surrogate keys of what decides which articles are in a list, and in which order."""
    # What cannot be a slug is nobody's tag, and not to be repeated in headers.
    yield from (keys.tagged(slug) for slug in query.tag if re.fullmatch(SLUG_PATTERN, slug))
    yield keys.TAGGED if query.tag else keys.ARTICLES
    if query.sort == "most_commented":
        yield keys.COMMENT_COUNTS
    if query.category is not None:
        yield keys.CATEGORIES
    if query.author is not None:
        yield keys.AUTHORS
