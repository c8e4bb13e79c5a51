"""The texts of an article: what readers see, and the working copy beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import select

from app.accounts.models import User
from app.content.errors import SlugTaken
from app.content.markup import RenderedArticle
from app.content.models import Article, ArticleCopy, ArticleStatus, Category, Purpose, Reason, Snapshot, Tag
from app.content.services.article_slugs import ArticleSlugs
from app.content.services.categories import CategoryService
from app.content.services.history import History, Onto, Recorded, Save
from app.content.services.tags import TagService
from app.core import clock
from app.core.names import name_key
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork

SLUG_CONSTRAINT = "uq_articles_slug"
Fields = tuple[str, ...]


class Saved(NamedTuple):
    """What a save has changed, if anything, and whether it is an autosave that goes on with earlier ones."""

    fields: Fields = ()
    goes_on: bool = False


class ArticleTexts:
    """Changes the texts of an article that is locked, and records what they become.

    Everything raises `SlugTaken` for the slug of another article.
    """

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._categories = CategoryService(unit)
        self._history = History(unit)
        self._slugs = ArticleSlugs(unit)
        self._tags = TagService(unit)

    async def with_changes(self, text: Snapshot, changes: Mapping[str, Any]) -> Snapshot:
        """The text with these fields, as clients name them. Raises `UnknownCategory`."""
        values = dict(changes)
        if "category" in values:
            values["category_id"] = await self._categories.id_of(values.pop("category"))
        if "tags" in values:
            # Of several spellings of one name, the first.
            values["tags"] = tuple({name_key(name): name for name in reversed(values["tags"])}.values())[::-1]
        return replace(text, **values)

    async def add(self, article: Article, slug: str, *, takes_over: bool = True) -> None:
        """Store an article that is new, or was imported anew; `takes_over` is as in `ArticleSlugs.claim`."""
        is_new, has_moved = article.id is None, article.id is not None and slug != article.slug
        if is_new:
            await self._slugs.claim(slug, takes_over=takes_over)
        elif has_moved:
            await self._slugs.hold(article.id, slug)
        article.slug = slug
        self._unit.session.add(article)
        with translating({SLUG_CONSTRAINT: SlugTaken(field="slug")}):
            await self._unit.session.flush()
        if is_new:
            await self._slugs.hold(article.id, slug)
        await self._settle_slugs(article, has_changed=has_moved)

    async def begin_history(self, article: Article, save: Save) -> None:
        """Record a new article."""
        await self._history.begin(article, save)

    async def record(self, article: Article, save: Save, before: Snapshot, *, is_new_to_readers: bool) -> None:
        """Record that an article has been changed, if it differs from `before`, or that readers see it from now on."""
        text = article.snapshot
        fields = text.changed_from(before)
        if fields or is_new_to_readers:
            article.version = (await self._history.record(article, text, save, fields, Onto(article.version))).number

    async def revise(self, article: Article, text: Snapshot, rendered: RenderedArticle | None, save: Save) -> Saved:
        """Change what the article itself says; `rendered` is the body, unless that stays. Returns what has changed."""
        before = article.snapshot
        fields = text.changed_from(before)
        if fields:
            tags = await self._prepared(article, text)
            onto = Onto(article.version, same_body=text.body_markdown == before.body_markdown)
            recorded = await self._history.record(article, text, save, fields, onto)
            article.version = recorded.number
            await self._write(article, text, rendered, tags)
            return Saved(fields, recorded.goes_on)
        await self._tags.spell(article, text.tags)
        return Saved()

    async def save_draft(
        self, article: Article, draft: ArticleCopy | None, text: Snapshot, rendered: RenderedArticle | None, save: Save
    ) -> tuple[ArticleCopy, Saved]:
        """Change the working copy of a published article, or begin one. Returns it, and what has changed."""
        source = draft or article
        before = source.snapshot
        fields = text.changed_from(before)
        if fields:
            onto = Onto(source.version, same_body=text.body_markdown == before.body_markdown)
            recorded = await self._history.record(article, text, save, fields, onto)
        elif draft is not None:
            return draft, Saved()
        else:
            recorded = Recorded(article.version)
        is_renamed = text.slug != before.slug
        if is_renamed:
            await self._slugs.hold(article.id, text.slug)
        draft = draft or ArticleCopy(article_id=article.id, purpose=Purpose.DRAFT)
        draft.write(text, rendered or source.rendered)
        draft.version, draft.saved_at = recorded.number, clock.now()
        self._unit.session.add(draft)
        await self._unit.session.flush()
        if is_renamed:
            await self._give_up_slugs(article)
        return draft, Saved(fields, recorded.goes_on)

    async def publish(self, article: Article, save: Save, fields: Fields) -> None:
        """Note that readers see the article as it is, from now on or differently in these fields."""
        recorded = await self._history.record(article, article.snapshot, save, fields, _same(article))
        article.version = recorded.number
        await self._slugs.open(article)

    async def publish_draft(self, article: Article, draft: ArticleCopy, save: Save, fields: Fields) -> Fields:
        """Let readers see the working copy, which is none any more. Returns what they see changed, after `fields`."""
        text, rendered = draft.snapshot, draft.rendered
        fields = tuple(sorted({*fields, *text.changed_from(article.snapshot)}))
        tags = await self._prepared(article, text)
        article.version = (await self._history.record(article, text, save, fields, _same(draft))).number
        await self._unit.session.delete(draft)
        await self._write(article, text, rendered, tags)
        return fields

    async def schedule(
        self, article: Article, scheduled: ArticleCopy | None, text: Article | ArticleCopy, by: int
    ) -> None:
        """Copy what is written, the working copy or the article itself, as the text that is to be published."""
        if scheduled is not None and not text.snapshot.changed_from(scheduled.snapshot):
            return
        recorded = await self._history.record(article, text.snapshot, Save(by, Reason.SCHEDULE), (), _same(text))
        await self._slugs.hold(article.id, text.slug)
        scheduled = scheduled or ArticleCopy(article_id=article.id, purpose=Purpose.SCHEDULED)
        scheduled.write(text.snapshot, text.rendered)
        scheduled.version, scheduled.saved_at = recorded.number, clock.now()
        self._unit.session.add(scheduled)
        await self._give_up_slugs(article)

    async def keep_newer(self, article: Article, draft: ArticleCopy | None, scheduled: ArticleCopy) -> None:
        """Make way for a scheduled text: what was written since then stays as the working copy, and nothing else."""
        is_published = article.status is ArticleStatus.PUBLISHED
        written = draft if is_published else article
        is_newer = written is not None and bool(written.snapshot.changed_from(scheduled.snapshot))
        if draft is not None and not is_newer:
            await self._unit.session.delete(draft)
        elif written is article and is_newer:
            draft = ArticleCopy(article_id=article.id, purpose=Purpose.DRAFT, version=article.version)
            draft.write(article.snapshot, article.rendered)
            draft.saved_at = article.updated_at
            self._unit.session.add(draft)
        await self._unit.session.flush()

    async def take_back(self, article: Article, draft: ArticleCopy, by: int | None) -> None:
        """Put the working copy into the place of the text that readers saw, and do not see any more."""
        text, rendered = draft.snapshot, draft.rendered
        fields = text.changed_from(article.snapshot)
        tags = await self._prepared(article, text)
        if draft.version < article.version:
            # What readers saw was changed beside it. A version never goes back.
            recorded = await self._history.record(article, text, Save(by, Reason.EDIT), fields, _same(draft))
            article.version = recorded.number
        else:
            article.version = draft.version
        await self._unit.session.delete(draft)
        await self._write(article, text, rendered, tags)

    async def discard(self, article: Article, draft: ArticleCopy) -> Fields:
        """Delete a copy; what was written in it stays in the history. Returns in what it differed."""
        fields = draft.snapshot.changed_from(article.snapshot)
        await self._unit.session.delete(draft)
        await self._unit.session.flush()
        if draft.slug != article.slug:
            await self._give_up_slugs(article)
        return fields

    async def _prepared(self, article: Article, text: Snapshot) -> Sequence[Tag]:
        """Lock what changes with the article, in the order of `app/content/models/counters.py`; returns its tags.

        Nothing is flushed before that: triggers would lock the tags that it has first.
        """
        with self._unit.session.no_autoflush:
            # Before the slug is locked: whoever creates a tag keeps others from creating the same one.
            tags = await self._tags.named(text.tags)
            if text.slug != article.slug:
                await self._slugs.hold(article.id, text.slug)
            if _differ(tags, article.tags):
                await self._lock_counts(article, text, tags)
        return tags

    async def _lock_counts(self, article: Article, text: Snapshot, tags: Sequence[Tag]) -> None:
        author = select(User.id).where(User.id == article.author_id)
        await self._unit.session.execute(author.with_for_update(key_share=True))
        ids = {article.category_id, text.category_id} - {None}
        categories = select(Category.id).where(Category.id.in_(ids)).order_by(Category.id)
        await self._unit.session.execute(categories.with_for_update(key_share=True))
        await self._tags.lock([*article.tags, *tags])

    async def _write(
        self, article: Article, text: Snapshot, rendered: RenderedArticle | None, tags: Sequence[Tag]
    ) -> None:
        is_renamed = text.slug != article.slug
        if is_renamed:
            # Should nobody have noted it: not every article was stored here.
            await self._open_if_published(article)
        text.write_to(article)
        if rendered is not None:
            article.write(text.body_markdown, rendered)
        # Said here, because other tags alone change no column of the article.
        article.updated_at = clock.now()
        with translating({SLUG_CONSTRAINT: SlugTaken(field="slug")}):
            await self._unit.session.flush()
        await self._settle_slugs(article, has_changed=is_renamed)
        # Last: tags are counted after everything else.
        if _differ(tags, article.tags):
            article.tags = list(tags)
            await self._unit.session.flush()
        await self._tags.spell(article, text.tags)

    async def _settle_slugs(self, article: Article, *, has_changed: bool) -> None:
        await self._open_if_published(article)
        if has_changed:
            await self._give_up_slugs(article)

    async def _open_if_published(self, article: Article) -> None:
        if article.status is ArticleStatus.PUBLISHED:
            await self._slugs.open(article)

    async def _give_up_slugs(self, article: Article) -> None:
        """Those that neither the article nor a copy of it has any more."""
        copies = await self._unit.session.scalars(select(ArticleCopy.slug).where(ArticleCopy.article_id == article.id))
        await self._slugs.release(article.id, {article.slug, *copies})


def _differ(tags: Sequence[Tag], others: Sequence[Tag]) -> bool:
    return {tag.id for tag in tags} != {tag.id for tag in others}


def _same(text: Article | ArticleCopy) -> Onto:
    """For what becomes of a text without a change of its body."""
    return Onto(text.version, same_body=True)
