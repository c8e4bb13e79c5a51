"""Tags: found, made by being used, renamed, merged and deleted."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import TagNotFound, TagTaken
from app.core.roles import Role
from app.core.slugs import slug_for
from app.db.constraints import translating
from app.db.models import Tag, article_tags
from app.db.queries import tags
from app.policies.actors import Actor, is_editor, require_role
from app.schemas.taxonomy import TagListQuery, TagMerge, TagOut, TagUpdate
from app.services.audit import AuditLog
from app.services.paging import Slice, fetch_page


class TagService:
    def __init__(self, session: AsyncSession, audit: AuditLog) -> None:
        self._session = session
        self._audit = audit

    async def list(self, actor: Actor, query: TagListQuery) -> Slice[TagOut]:
        """Tags of published articles; editors see those that are not in use too."""
        statement = tags.with_article_counts(unused=is_editor(actor))
        rows = await fetch_page(self._session, statement, tags.BY_SLUG, query)
        return Slice([_counted(tag, count) for tag, count, *_ in rows.items], rows.next_cursor)

    async def get(self, actor: Actor, slug: str) -> TagOut:
        """One tag. Raises `TagNotFound`."""
        statement = tags.with_article_counts(unused=is_editor(actor)).where(Tag.slug == slug)
        row = (await self._session.execute(statement)).one_or_none()
        if row is None:
            raise TagNotFound
        return _counted(row[0], row[1])

    async def named(self, names: Sequence[str]) -> Sequence[Tag]:
        """The tags with these names; those that are missing are made. Names with the same slug are one tag."""
        wanted = {slug_for(name): name for name in reversed(names)}
        found = await self._known(wanted)
        # In order of slug, so that two requests that make the same tags at once do not wait for each other.
        missing = sorted(wanted.keys() - found.keys())
        if missing:
            await self._session.execute(self._insert_unless_there([(slug, wanted[slug]) for slug in missing]))
            found = await self._known(wanted)
        return list(dict.fromkeys(found.values()))

    async def _known(self, wanted: Mapping[str, str]) -> dict[str, Tag]:
        """The tags there are of these slugs and names, by the slug; one with a slug of its own goes by its name."""
        if not wanted:
            return {}
        statement = select(Tag).where(or_(Tag.slug.in_(list(wanted)), Tag.name.in_(list(wanted.values()))))
        tags = (await self._session.scalars(statement)).all()
        by_name, by_slug = {tag.name: tag for tag in tags}, {tag.slug: tag for tag in tags}
        found = ((slug, by_name.get(name) or by_slug.get(slug)) for slug, name in wanted.items())
        return {slug: tag for slug, tag in found if tag is not None}

    async def _with_slugs(self, slugs: Any) -> Sequence[Tag]:
        return (await self._session.scalars(select(Tag).where(Tag.slug.in_(list(slugs))).order_by(Tag.slug))).all()

    def _insert_unless_there(self, pairs: Sequence[tuple[str, str]]) -> Any:
        dialect = {"sqlite": sqlite, "postgresql": postgresql}[self._session.get_bind().dialect.name]
        # Spelled out, because SQLAlchemy cannot derive one column's default from another's for several rows at once.
        times = dict.fromkeys(("created_at", "updated_at"), clock.now())
        values = [{"slug": slug, "name": name, **times} for slug, name in pairs]
        return dialect.insert(Tag).values(values).on_conflict_do_nothing(index_elements=["slug"])

    async def rename(self, actor: Actor, slug: str, data: TagUpdate) -> TagOut:
        """Give a tag another name everywhere. Raises `TagNotFound` or `TagTaken`."""
        tag = await self._locked(actor, slug)
        tag.name, tag.slug = data.name, data.slug or slug_for(data.name)
        with translating({"uq_tags_slug": TagTaken(field="name")}):
            await self._session.flush()
        self._record("tag.renamed", actor, tag, before=slug, slug=tag.slug)
        return await self.get(actor, tag.slug)

    async def merge(self, actor: Actor, target_slug: str, data: TagMerge) -> TagOut:
        """Give the articles of other tags this one instead, and delete the others. Raises `TagNotFound`."""
        target = await self._locked(actor, target_slug)
        sources = await self._with_slugs(set(data.tags) - {target_slug})
        if {tag.slug for tag in sources} != set(data.tags) - {target_slug}:
            raise TagNotFound(field="tags")
        ids = [tag.id for tag in sources]
        tagged = select(article_tags.c.article_id).where(article_tags.c.tag_id == target.id)
        moving = (
            select(article_tags.c.article_id, literal(target.id))
            .where(article_tags.c.tag_id.in_(ids), article_tags.c.article_id.not_in(tagged))
            .distinct()
        )
        await self._session.execute(insert(article_tags).from_select(["article_id", "tag_id"], moving))
        await self._session.execute(delete(Tag).where(Tag.id.in_(ids)))
        self._record("tag.merged", actor, target, slug=target.slug, merged=[tag.slug for tag in sources])
        return await self.get(actor, target.slug)

    async def delete(self, actor: Actor, slug: str) -> None:
        """Take a tag off all articles. Raises `TagNotFound`."""
        tag = await self._locked(actor, slug)
        await self._session.delete(tag)
        self._record("tag.deleted", actor, tag, slug=slug)

    def _record(self, action: str, actor: Actor, tag: Tag, **details: Any) -> None:
        self._audit.record(action, actor=actor.account if actor else None, subject=tag, **details)

    async def _locked(self, actor: Actor, slug: str) -> Tag:
        require_role(actor, Role.EDITOR)
        tag = await self._session.scalar(select(Tag).where(Tag.slug == slug).with_for_update(key_share=True))
        if tag is None:
            raise TagNotFound
        return tag


def _counted(tag: Tag, count: int) -> TagOut:
    return TagOut(slug=tag.slug, name=tag.name, article_count=count)
