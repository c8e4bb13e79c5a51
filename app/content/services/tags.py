"""Tags: found, created by being used, renamed, merged and deleted."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from app.accounts.policies.actors import Actor, is_editor, require_role
from app.audit.actions import Action
from app.cache import keys
from app.content import audit_actions as actions
from app.content.errors import TagNotFound, TagTaken
from app.content.models import Article, Tag, article_tags
from app.content.queries import tags
from app.content.queries.tags import TagRow
from app.content.schemas.taxonomy import TagListQuery, TagMerge, TagUpdate
from app.core import clock
from app.core.roles import Role
from app.core.slugs import slug_for
from app.db.compiled_selects import CompiledSelect, Row
from app.db.constraints import translating
from app.db.paging import PageResult, read_page
from app.unit_of_work import UnitOfWork


class TagService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def list(self, actor: Actor, query: TagListQuery) -> PageResult[TagRow]:
        """Tags of published articles; editors also see unused ones."""
        unused = is_editor(actor)

        def listing(cursor: bool, size: int) -> CompiledSelect:
            return tags.listing(unused=unused, cursor=cursor, size=size)

        page = await read_page(self._unit.rows, listing, tags.BY_SLUG, query, {})
        return PageResult(self._shown(actor, page.items), page.next_cursor)

    async def get(self, actor: Actor, slug: str) -> TagRow:
        """One tag. Raises `TagNotFound`."""
        found = await self._unit.rows.fetch(tags.with_slug(unused=is_editor(actor)), {"slug": slug})
        if not found:
            raise TagNotFound
        (tag,) = self._shown(actor, found)
        return tag

    def _shown(self, actor: Actor, rows: Sequence[Row]) -> Sequence[TagRow]:
        surrogate_keys = {keys.TAGS}
        shown = tags.TAG.unpack(rows, surrogate_keys)
        if actor is None:
            self._unit.surrogate_keys.add(*surrogate_keys)
        return shown

    async def named(self, names: Sequence[str]) -> Sequence[Tag]:
        """The tags with these names; missing ones are created. Names with the same slug are one tag."""
        wanted = {slug_for(name): name for name in reversed(names)}
        # Without what else is to be stored, which would be counted now, before its turn.
        with self._unit.session.no_autoflush:
            found = await self._known(wanted)
            # In order of slug, so that two requests that make the same tags at once do not wait for each other.
            missing = sorted(wanted.keys() - found.keys())
            if missing:
                await self._unit.session.execute(self._insert_unless_there([(slug, wanted[slug]) for slug in missing]))
                found = await self._known(wanted)
        # In the order in which they are counted.
        return sorted(set(found.values()), key=lambda tag: tag.id)

    async def _known(self, wanted: Mapping[str, str]) -> dict[str, Tag]:
        """The existing tags of these slugs and names, by slug; a tag with a custom slug is found by its name."""
        if not wanted:
            return {}
        statement = select(Tag).where(or_(Tag.slug.in_(list(wanted)), Tag.name.in_(list(wanted.values()))))
        known = (await self._unit.session.scalars(statement)).all()
        by_name, by_slug = {tag.name: tag for tag in known}, {tag.slug: tag for tag in known}
        found = ((slug, by_name.get(name) or by_slug.get(slug)) for slug, name in wanted.items())
        return {slug: tag for slug, tag in found if tag is not None}

    async def lock(self, wanted: Iterable[Tag]) -> None:
        """Lock the counts of these tags until the transaction ends; in one order, to avoid deadlocks."""
        ids = {tag.id for tag in wanted}
        if ids:
            statement = select(Tag.id).where(Tag.id.in_(ids)).order_by(Tag.id).with_for_update(key_share=True)
            await self._unit.session.execute(statement)

    async def _lock_named(self, slugs: Iterable[str]) -> Sequence[Tag]:
        statement = select(Tag).where(Tag.slug.in_(list(slugs))).order_by(Tag.id).with_for_update(key_share=True)
        return (await self._unit.session.scalars(statement)).all()

    async def _lock_articles_of(self, slugs: Iterable[str]) -> None:
        tagged = select(article_tags.c.article_id).join(Tag).where(Tag.slug.in_(list(slugs)))
        statement = select(Article.id).where(Article.id.in_(tagged)).order_by(Article.id)
        await self._unit.session.execute(statement.with_for_update(key_share=True))

    def _insert_unless_there(self, pairs: Sequence[tuple[str, str]]) -> Any:
        dialect = {"sqlite": sqlite, "postgresql": postgresql}[self._unit.session.get_bind().dialect.name]
        # Spelled out, because SQLAlchemy cannot derive one column's default from another's for several rows at once.
        times = dict.fromkeys(("created_at", "updated_at"), clock.now())
        values = [{"slug": slug, "name": name, **times} for slug, name in pairs]
        return dialect.insert(Tag).values(values).on_conflict_do_nothing(index_elements=["slug"])

    async def rename(self, actor: Actor, slug: str, data: TagUpdate) -> TagRow:
        """Rename a tag everywhere. Raises `TagNotFound` or `TagTaken`."""
        tag = await self._locked(actor, slug)
        tag.name, tag.slug = data.name, data.slug or slug_for(data.name)
        with translating({"uq_tags_slug": TagTaken(field="name")}):
            await self._unit.session.flush()
        self._record(actions.TAG_RENAMED, actor, tag, before=slug, slug=tag.slug)
        return await self.get(actor, tag.slug)

    async def merge(self, actor: Actor, target_slug: str, data: TagMerge) -> TagRow:
        """Replace other tags by this one on all articles, and delete the others. Raises `TagNotFound`."""
        require_role(actor, Role.EDITOR)
        wanted = {target_slug, *data.tags}
        # Before their tags, as whoever publishes them: see `app/content/models/counters.py`.
        await self._lock_articles_of(wanted)
        found = {tag.slug: tag for tag in await self._lock_named(wanted)}
        if target_slug not in found:
            raise TagNotFound
        if found.keys() != wanted:
            raise TagNotFound(field="tags")
        target = found.pop(target_slug)
        sources = sorted(found.values(), key=lambda tag: tag.slug)
        ids = [tag.id for tag in sources]
        tagged = select(article_tags.c.article_id).where(article_tags.c.tag_id == target.id)
        moving = (
            select(article_tags.c.article_id, literal(target.id))
            .where(article_tags.c.tag_id.in_(ids), article_tags.c.article_id.not_in(tagged))
            .distinct()
        )
        await self._unit.session.execute(insert(article_tags).from_select(["article_id", "tag_id"], moving))
        await self._unit.session.execute(delete(Tag).where(Tag.id.in_(ids)))
        self._record(actions.TAG_MERGED, actor, target, slug=target.slug, merged=[tag.slug for tag in sources])
        return await self.get(actor, target.slug)

    async def delete(self, actor: Actor, slug: str) -> None:
        """Delete a tag and remove it from all articles. Raises `TagNotFound`."""
        tag = await self._locked(actor, slug)
        await self._unit.session.delete(tag)
        self._record(actions.TAG_DELETED, actor, tag, slug=slug)

    def _record(self, action: Action, actor: Actor, tag: Tag, **details: Any) -> None:
        self._unit.audit.record(action, actor=actor.account if actor else None, subject=tag, **details)

    async def _locked(self, actor: Actor, slug: str) -> Tag:
        require_role(actor, Role.EDITOR)
        tag = await self._unit.session.scalar(select(Tag).where(Tag.slug == slug).with_for_update(key_share=True))
        if tag is None:
            raise TagNotFound
        return tag
