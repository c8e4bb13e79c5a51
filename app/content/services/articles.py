"""Articles: written, published, listed, deleted and restored."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.accounts.policies.actors import Actor, is_editor, require_account, require_role
from app.cache import keys
from app.content.errors import ArticleNotFound, PublicationInFuture, SlugTaken
from app.content.events import (
    ArticleChanged,
    ArticleDeleted,
    ArticleEvent,
    ArticlePublished,
    ArticleRestored,
    ArticleUnpublished,
)
from app.content.markup import RenderedArticle
from app.content.models import Article, ArticleStatus
from app.content.policies import require_article_editing
from app.content.queries import article_rows, articles
from app.content.queries.article_rows import ArticleRow, SummaryRow
from app.content.rendering import rendered_article
from app.content.schemas.articles import ArticleInput, ArticleListQuery, ArticleUpdate, PublicationInput
from app.content.services.categories import CategoryService
from app.content.services.narrowing import narrowest_first
from app.content.services.tags import TagService
from app.core import clock
from app.core.roles import Role
from app.core.slugs import SLUG_PATTERN, alternatives, first_free_number, slug_for
from app.db.compiled_selects import CompiledSelect, Row
from app.db.constraints import translating, violated_constraint
from app.db.paging import PageResult, empty_page, read_page
from app.db.session import reading
from app.unit_of_work import UnitOfWork

_SLUG_CONSTRAINT = "uq_articles_slug"
# Applied by other means than by setting the attribute of the same name.
_COMPOSED = {"body_markdown", "tags", "category", "excerpt"}


class ArticleService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._tags = TagService(unit)
        self._categories = CategoryService(unit)

    async def list(self, actor: Actor, query: ArticleListQuery) -> PageResult[SummaryRow]:
        """A page of articles without their bodies. Raises `InvalidCursor`."""
        if query.status == "draft":
            require_account(actor)
        if query.status == "deleted":
            require_role(actor, Role.EDITOR)
        surrogate_keys: set[str] = set()
        page = await self._page(actor, query)
        items = article_rows.SUMMARY.unpack(page.items, surrogate_keys)
        if actor is None:
            self._unit.surrogate_keys.add(*surrogate_keys, *_cut_from(query))
        return PageResult(items, page.next_cursor)

    async def _page(self, actor: Actor, query: ArticleListQuery) -> PageResult[Row]:
        tags = dict.fromkeys(query.tag)
        within = await self._categories.subtree(query.category) if query.category is not None else []
        spec = article_rows.ArticleListSpec(
            query.status,
            query.sort,
            own=query.status == "draft" and not is_editor(actor),
            author=query.author is not None,
            tags=len(tags),
            categories=len(within),
            after=query.published_after is not None,
            before=query.published_before is not None,
            skip=query.skip > 0,
        )
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
        """One article with its bodies. Raises `ArticleNotFound`."""
        values = {"slug": slug, "actor_id": actor.id if actor else None}
        found = await self._unit.rows.fetch(article_rows.by_slug(articles.viewer_of(actor)), values)
        if not found:
            raise ArticleNotFound
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

    async def any_exist(self) -> bool:
        """Whether there are any articles at all, including drafts and deleted ones."""
        return await self._unit.session.scalar(select(Article.id).limit(1)) is not None

    async def create(self, actor: Actor, data: ArticleInput) -> ArticleRow:
        """Create an article. Raises `SlugTaken` for a given slug, `UnknownCategory`, or as `compose` does."""
        author = require_role(actor, Role.AUTHOR).account
        article = await self.compose(author, data)
        if data.status is ArticleStatus.PUBLISHED:
            article.publish(clock.now())
        await self.add(article, data.slug)
        await self._tags.spell(article, data.tags)
        if article.status is ArticleStatus.PUBLISHED:
            await self._emit(ArticlePublished, actor, article)
        return await self._reloaded(article)

    async def compose(self, author: User, data: ArticleInput) -> Article:
        """An article that is not stored yet. Raises `TooComplex` or `RenderingUnavailable`."""
        # Rendered before the first query: it takes a while, and no lock is held meanwhile.
        rendered = await rendered_article(data.body_markdown, author.id)
        article = Article(
            title=data.title,
            given_excerpt=data.excerpt,
            language=data.language,
            cover_image_url=data.cover_image_url,
            author_id=author.id,
            category_id=await self._categories.id_of(data.category),
            tags=list(await self._tags.named(data.tags)),
        )
        article.write(data.body_markdown, rendered)
        return article

    async def add(self, article: Article, slug: str | None) -> None:
        """Store a new article under this slug, or under a free one derived from its title. Raises `SlugTaken`."""
        if slug is not None:
            article.slug = slug
            with translating({_SLUG_CONSTRAINT: SlugTaken(field="slug")}):
                self._unit.session.add(article)
                await self._unit.session.flush()
            return
        base = slug_for(article.title)
        if await self._stored_as(article, base):
            return
        for candidate in await self._alternatives(base):
            if await self._stored_as(article, candidate):
                return
        raise SlugTaken(field="title")

    async def _stored_as(self, article: Article, slug: str) -> bool:
        article.slug = slug
        try:
            async with self._unit.session.begin_nested():
                self._unit.session.add(article)
                await self._unit.session.flush()
        except IntegrityError as error:
            if violated_constraint(error) != _SLUG_CONSTRAINT:
                raise
            return False
        return True

    async def _alternatives(self, base: str) -> Iterator[str]:
        taken = await self._unit.session.scalars(articles.slugs_like(base))
        return alternatives(base, first_free_number(base, taken))

    async def update(self, actor: Actor, slug: str, data: ArticleUpdate) -> ArticleRow:
        """Change the fields that were sent.

        Raises `ArticleNotFound`, `Forbidden`, `SlugTaken`, `UnknownCategory`, `TooComplex` or `RenderingUnavailable`.
        """
        sent = data.model_fields_set
        rendered = await self._rendered_for(actor, slug, data.body_markdown) if "body_markdown" in sent else None
        article = await self._locked(actor, slug)
        for name in sent - _COMPOSED:
            setattr(article, name, getattr(data, name))
        if "excerpt" in sent:
            article.given_excerpt = data.excerpt
        if "category" in sent:
            article.category_id = await self._categories.id_of(data.category)
        if rendered is not None:
            article.write(data.body_markdown, rendered)
        if sent:
            # Said here, because other tags alone change no column of the article.
            article.updated_at = clock.now()
        with translating({_SLUG_CONSTRAINT: SlugTaken(field="slug")}):
            await self._unit.session.flush()
        if "tags" in sent:
            # Last: tags are counted after everything else (`app/content/models/counters.py`).
            wanted = await self._tags.named(data.tags)
            await self._tags.lock([*article.tags, *wanted])
            article.tags = list(wanted)
            await self._unit.session.flush()
            await self._tags.spell(article, data.tags)
        if sent:
            await self._emit(ArticleChanged, actor, article, fields=tuple(sorted(sent)))
        return await self._reloaded(article)

    async def _rendered_for(self, actor: Actor, slug: str, markdown: str) -> RenderedArticle:
        """Render before anything is locked, but only for those who may change the article."""
        account = require_account(actor)
        async with reading(self._unit.session):
            await self._editable(actor, articles.to_change(), slug)
        return await rendered_article(markdown, account.id)

    async def publish(self, actor: Actor, slug: str, data: PublicationInput) -> ArticleRow:
        """Publish, with the current or an earlier date. Raises `PublicationInFuture`."""
        article = await self._locked(actor, slug)
        now = clock.now()
        if data.published_at is not None and data.published_at > now:
            raise PublicationInFuture(field="published_at")
        was_public, before = article.status is ArticleStatus.PUBLISHED, article.published_at
        article.publish(data.published_at or article.published_at or now)
        await self._unit.session.flush()
        if not was_public:
            await self._emit(ArticlePublished, actor, article)
        elif article.published_at != before:
            await self._emit(ArticleChanged, actor, article, fields=("published_at",))
        return await self._reloaded(article)

    async def unpublish(self, actor: Actor, slug: str) -> None:
        """Make an article a draft again."""
        article = await self._locked(actor, slug)
        if article.status is ArticleStatus.PUBLISHED:
            article.unpublish()
            await self._emit(ArticleUnpublished, actor, article)

    async def delete(self, actor: Actor, slug: str) -> None:
        """Delete an article; editors can restore it."""
        article = await self._locked(actor, slug)
        article.deleted_at = clock.now()
        await self._emit(ArticleDeleted, actor, article)

    async def restore(self, actor: Actor, slug: str) -> ArticleRow:
        """Restore a deleted article as it was. Raises `ArticleNotFound` if there is none."""
        require_role(actor, Role.EDITOR)
        article = await self._unit.session.scalar(
            select(Article).where(Article.slug == slug).with_for_update(key_share=True)
        )
        if article is None:
            raise ArticleNotFound
        if article.deleted_at is not None:
            article.deleted_at = None
            await self._emit(ArticleRestored, actor, article)
        return await self._reloaded(article)

    async def _emit(self, event: type[ArticleEvent], actor: Actor, article: Article, **details: Any) -> None:
        await self._unit.emit(event(article.id, article.author_id, actor.id if actor else None, **details))

    async def _locked(self, actor: Actor, slug: str) -> Article:
        """The article, locked until the transaction ends, if the actor may change it."""
        statement = articles.to_change().with_for_update(of=Article, key_share=True)
        return await self._editable(actor, statement.execution_options(populate_existing=True), slug)

    async def _editable(self, actor: Actor, statement: Select[tuple[Article]], slug: str) -> Article:
        require_account(actor)
        article = await self._unit.session.scalar(statement.where(Article.slug == slug, articles.visible_to(actor)))
        if article is None:
            raise ArticleNotFound
        require_article_editing(actor, article)
        return article

    async def _reloaded(self, article: Article) -> ArticleRow:
        """The article as it is read from now on."""
        found = await self._unit.rows.fetch(article_rows.BY_ID, {"id": article.id})
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
