"""Drafts: what is written and not published yet.

Beside a published article that is its working copy, which begins with the first save. Any other article is its own
draft.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from app.accounts.policies.actors import Actor, require_account
from app.content.errors import DraftNotFound, NothingPublished
from app.content.events import ArticleChanged
from app.content.markup import RenderedArticle
from app.content.models import Article, ArticleCopy, ArticleStatus, Category, Reason, Snapshot
from app.content.queries import revisions
from app.content.schemas.articles import ArticleUpdate, CategoryRef, article_validator
from app.content.schemas.authors import AuthorSummary
from app.content.schemas.drafts import DraftInput, DraftOut
from app.content.services.article_access import ArticleAccess
from app.content.services.article_texts import ArticleTexts
from app.content.services.history import Save
from app.content.services.schedules import ScheduleService
from app.unit_of_work import UnitOfWork


class DraftService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)
        self._schedules = ScheduleService(unit)
        self._texts = ArticleTexts(unit)

    async def get(self, actor: Actor, slug: str) -> DraftOut:
        """Raises `ArticleNotFound`, `Moved`, `Gone`, `Forbidden` or `DraftNotFound`."""
        article = await self._access.to_show(actor, slug)
        draft = await self._access.draft_of(article)
        if draft is None and article.status is ArticleStatus.PUBLISHED:
            raise DraftNotFound
        return await self._shown(article, draft)

    async def replace(self, actor: Actor, slug: str, data: DraftInput, *, is_autosave: bool) -> DraftOut:
        """Save a whole draft, based on the one that the request names.

        Raises `ArticleNotFound`, `Forbidden`, `PreconditionRequired`, `PreconditionFailed`, `SlugTaken`,
        `UnknownCategory`, `TooComplex` or `RenderingUnavailable`.
        """
        # Nobody makes public by leaving something out what is for members.
        stays = {name for name in ("slug", "kind", "visibility") if getattr(data, name) is None}
        changes = data.model_dump(exclude=stays)
        rendered = await self._access.render_for(actor, slug, data.body_markdown)
        # Said only to those who may save it.
        self._unit.preconditions.demand()
        return await self._save(actor, slug, changes, rendered, is_autosave=is_autosave)

    async def update(self, actor: Actor, slug: str, data: ArticleUpdate, *, is_autosave: bool) -> DraftOut:
        """Change the fields of a draft that were sent. Raises what `replace` does, if the request names a version."""
        changes = data.model_dump(include=data.model_fields_set)
        body = changes.get("body_markdown")
        rendered = None if body is None else await self._access.render_for(actor, slug, body)
        return await self._save(actor, slug, changes, rendered, is_autosave=is_autosave)

    async def _save(
        self,
        actor: Actor,
        slug: str,
        changes: Mapping[str, Any],
        rendered: RenderedArticle | None,
        *,
        is_autosave: bool,
    ) -> DraftOut:
        article, draft = await self._to_change(actor, slug)
        text = await self._texts.with_changes((draft or article).snapshot, changes)
        return await self._store(actor, article, draft, text, rendered, Reason.AUTOSAVE if is_autosave else Reason.EDIT)

    async def restore(self, actor: Actor, slug: str, text: Snapshot, rendered: RenderedArticle) -> DraftOut:
        """Make the draft what the article was once, where it is found now, and by whom. Raises what `update` does."""
        article, draft = await self._to_change(actor, slug)
        present = draft or article
        text = replace(
            text,
            slug=present.slug,
            kind=present.kind,
            visibility=present.visibility,
            category_id=await self._still_there(text.category_id),
        )
        return await self._store(actor, article, draft, text, rendered, Reason.RESTORE)

    async def _store(
        self,
        actor: Actor,
        article: Article,
        draft: ArticleCopy | None,
        text: Snapshot,
        rendered: RenderedArticle | None,
        reason: Reason,
    ) -> DraftOut:
        save = Save(require_account(actor).id, reason)
        if article.status is ArticleStatus.PUBLISHED:
            draft, saved = await self._texts.save_draft(article, draft, text, rendered, save)
        else:
            saved = await self._texts.revise(article, text, rendered, save)
        if saved.fields:
            await self._unit.emit(ArticleChanged(article.id, article.author_id, save.by, *saved))
        return await self._shown(article, draft)

    async def _still_there(self, category_id: int | None) -> int | None:
        """The category, unless it was deleted after its revision was read."""
        found: int | None = await self._unit.session.scalar(select(Category.id).where(Category.id == category_id))
        return found

    async def _to_change(self, actor: Actor, slug: str) -> tuple[Article, ArticleCopy | None]:
        article = await self._access.to_change(actor, slug)
        draft = await self._access.draft_of(article)
        if self._unit.preconditions.only_create and draft is None and article.status is ArticleStatus.PUBLISHED:
            self._unit.preconditions.require_absent()
        else:
            await self.require_version(article, draft)
        return article, draft

    async def require_version(self, article: Article, draft: ArticleCopy | None) -> None:
        """Require that this is the draft which the request is meant for. Raises `PreconditionFailed`.

        Where there is none yet, it is what readers see, with which a draft begins.
        """
        validator = article_validator(article.id, (draft or article).version)
        await self._unit.preconditions.require(lambda: self._shown(article, draft), validator)

    async def discard(self, actor: Actor, slug: str) -> None:
        """Delete the working copy of a published article; its history stays.

        Raises `ArticleNotFound`, `Forbidden`, `DraftNotFound`, `PreconditionFailed` or `NothingPublished`.
        """
        account = require_account(actor)
        article = await self._access.to_change(actor, slug)
        if article.status is not ArticleStatus.PUBLISHED:
            raise NothingPublished
        draft = await self._access.draft_of(article)
        if draft is None:
            raise DraftNotFound
        await self.require_version(article, draft)
        fields = await self._texts.discard(article, draft)
        await self._unit.emit(ArticleChanged(article.id, article.author_id, account.id, fields))

    async def _shown(self, article: Article, draft: ArticleCopy | None) -> DraftOut:
        text = draft or article
        category = await self._unit.session.get(Category, text.category_id) if text.category_id else None
        revision = await self._unit.session.scalar(revisions.made(article.id, text.version))
        by = revision.by if revision else None
        written = text.snapshot
        return DraftOut(
            id=article.id,
            article_slug=article.slug,
            slug=written.slug,
            title=written.title,
            body_markdown=written.body_markdown,
            body_html=text.body_html,
            excerpt=written.excerpt,
            language=written.language,
            cover_image_url=written.cover_image_url,
            category=CategoryRef.model_validate(category) if category else None,
            tags=list(written.tags),
            kind=written.kind,
            visibility=written.visibility,
            word_count=text.word_count,
            reading_minutes=text.reading_minutes,
            version=text.version,
            published_version=article.version if article.status is ArticleStatus.PUBLISHED else None,
            saved_at=draft.saved_at if draft else article.updated_at,
            saved_by=AuthorSummary.model_validate(by) if by else None,
            schedule=await self._schedules.shown(article, draft),
        )
