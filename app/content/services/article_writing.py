"""Articles: created, changed, deleted and restored."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.models import User
from app.accounts.policies.actors import Actor, require_account, require_role
from app.content.errors import ArticleNotFound, DraftExists, SlugTaken
from app.content.events import ArticleChanged, ArticleDeleted, ArticleEvent, ArticlePublished, ArticleRestored
from app.content.models import Article, ArticleStatus, Reason, Snapshot
from app.content.queries import articles
from app.content.queries.article_rows import ArticleRow
from app.content.rendering import rendered_article
from app.content.schemas.articles import ArticleInput, ArticleUpdate, DraftFate
from app.content.services.article_access import ArticleAccess
from app.content.services.article_texts import SLUG_CONSTRAINT, ArticleTexts, Fields
from app.content.services.articles import ArticleService
from app.content.services.categories import CategoryService
from app.content.services.history import Save
from app.content.services.schedules import ScheduledArticleRow, ScheduleService
from app.content.services.tags import TagService
from app.core import clock
from app.core.roles import Role
from app.core.slugs import alternatives, first_free_number, slug_for
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork


class ArticleWriting:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)
        self._articles = ArticleService(unit)
        self._categories = CategoryService(unit)
        self._schedules = ScheduleService(unit)
        self._tags = TagService(unit)
        self._texts = ArticleTexts(unit)

    async def create(self, actor: Actor, data: ArticleInput) -> ArticleRow:
        """Create an article. Raises `SlugTaken` for a given slug, `UnknownCategory`, or as `compose` does."""
        author = require_role(actor, Role.AUTHOR).account
        article = await self.compose(author, data)
        if data.status is ArticleStatus.PUBLISHED:
            article.publish(clock.now())
        await self.add(article, data.slug, author.id)
        await self._tags.spell(article, data.tags)
        if article.status is ArticleStatus.PUBLISHED:
            await self._emit(ArticlePublished, actor, article)
        return await self._articles.shown(article.id)

    async def compose(self, author: User, data: ArticleInput) -> Article:
        """An article that is not stored yet. Raises `TooComplex` or `RenderingUnavailable`."""
        # Rendered before the first query: it takes a while, and no lock is held meanwhile.
        rendered = await rendered_article(data.body_markdown, author.id)
        article = Article(
            title=data.title,
            given_excerpt=data.excerpt,
            language=data.language,
            cover_image_url=data.cover_image_url,
            kind=data.kind,
            visibility=data.visibility,
            author_id=author.id,
            category_id=await self._categories.id_of(data.category),
            tags=list(await self._tags.named(data.tags)),
        )
        article.write(data.body_markdown, rendered)
        return article

    async def add(self, article: Article, slug: str | None, by: int | None) -> None:
        """Store a new article under this slug, or under a free one derived from its title. Raises `SlugTaken`."""
        if slug is not None:
            with translating({SLUG_CONSTRAINT: SlugTaken(field="slug")}):
                await self._texts.add(article, slug)
        else:
            await self._add_under_free_slug(article, slug_for(article.title))
        reason = Reason.PUBLISH if article.status is ArticleStatus.PUBLISHED else Reason.EDIT
        await self._texts.begin_history(article, Save(by, reason, is_published=reason is Reason.PUBLISH))

    async def take_over(
        self, article: Article, slug: str, before: Snapshot | None, *, was_published: bool = False
    ) -> None:
        """Store an article that was imported under this slug; `before` is what it said until now, if it is there.

        Raises `SlugTaken`.
        """
        await self._texts.add(article, slug)
        save = Save(None, Reason.IMPORT, is_published=article.status is ArticleStatus.PUBLISHED)
        if before is None:
            await self._texts.begin_history(article, save)
            return
        is_new_to_readers = save.is_published and not was_published
        await self._texts.record(article, save, before, is_new_to_readers=is_new_to_readers)
        # It stays the time of the import.
        flag_modified(article, "updated_at")

    async def _add_under_free_slug(self, article: Article, base: str) -> None:
        if await self._is_stored_as(article, base):
            return
        for candidate in await self._alternatives(base):
            if await self._is_stored_as(article, candidate):
                return
        raise SlugTaken(field="title")

    async def _is_stored_as(self, article: Article, slug: str) -> bool:
        try:
            async with self._unit.session.begin_nested():
                # Nobody has asked for this slug: it is not worth a link to another article.
                await self._texts.add(article, slug, takes_over=False)
        except SlugTaken:
            return False
        return True

    async def _alternatives(self, base: str) -> Iterator[str]:
        taken = await self._unit.session.scalars(articles.slugs_like(base))
        return alternatives(base, first_free_number(base, taken))

    async def update(
        self, actor: Actor, slug: str, data: ArticleUpdate, draft: DraftFate | None = None
    ) -> ScheduledArticleRow:
        """Change the fields that were sent, of what readers see once the article is published.

        Raises `ArticleNotFound`, `Forbidden`, `SlugTaken`, `UnknownCategory`, `TooComplex` or `RenderingUnavailable`,
        and `DraftExists` if there is a working copy and `draft` does not say what becomes of it.
        """
        changes = data.model_dump(include=data.model_fields_set)
        body = changes.get("body_markdown")
        rendered = None if body is None else await self._access.render_for(actor, slug, body)
        article = await self._access.to_change(actor, slug)
        await self._articles.require_version(article)
        discarded = await self._settle_draft(article, draft)
        text = await self._texts.with_changes(article.snapshot, changes)
        is_published = article.status is ArticleStatus.PUBLISHED
        save = Save(require_account(actor).id, Reason.EDIT, is_published=is_published)
        fields = (await self._texts.revise(article, text, rendered, save)).fields
        if fields or discarded:
            await self._emit(ArticleChanged, actor, article, fields=tuple(sorted({*fields, *discarded})))
        return await self._schedules.with_schedule(article, await self._articles.shown(article.id))

    async def _settle_draft(self, article: Article, fate: DraftFate | None) -> Fields:
        """Returns in what a discarded draft differed."""
        draft = await self._access.draft_of(article)
        if draft is not None and fate is None:
            raise DraftExists
        return await self._texts.discard(article, draft) if draft is not None and fate == "discard" else ()

    async def delete(self, actor: Actor, slug: str) -> None:
        """Delete an article; editors can restore it."""
        article = await self._access.to_change(actor, slug)
        await self._articles.require_version(article)
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
        await self._articles.require_version(article)
        if article.deleted_at is not None:
            article.deleted_at = None
            await self._emit(ArticleRestored, actor, article)
        return await self._articles.shown(article.id)

    async def _emit(self, event: type[ArticleEvent], actor: Actor, article: Article, **details: Any) -> None:
        await self._unit.emit(event(article.id, article.author_id, actor.id if actor else None, **details))
