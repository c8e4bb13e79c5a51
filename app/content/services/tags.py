"""Tags: found, created by being used, renamed, merged and deleted."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, literal, select

from app.accounts.policies.actors import Actor, is_editor, require_role
from app.audit.actions import Action
from app.cache import keys
from app.content import audit_actions as actions
from app.content.errors import TagNotFound, TagTaken
from app.content.models import Article, Tag, article_tags
from app.content.queries import tags
from app.content.queries.tags import TagRow
from app.content.schemas.taxonomy import TagListQuery, TagMerge, TagUpdate
from app.content.services.draft_tags import DraftTags
from app.content.services.former_names import FormerNames
from app.content.services.permalinks import Permalinks
from app.core import clock
from app.core.names import name_key
from app.core.roles import Role
from app.core.slugs import alternatives, first_free_number, free_slug, is_made_of, slug_for
from app.db.compiled_selects import CompiledSelect, Row
from app.db.constraints import translating
from app.db.paging import PageResult, read_page
from app.unit_of_work import UnitOfWork

_UNIQUE = {"uq_tags_name_key": TagTaken(field="name"), "uq_tags_slug": TagTaken(field="slug")}


class TagService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._draft_tags = DraftTags(unit)
        self._former_names = FormerNames(unit)
        self._permalinks = Permalinks(unit)

    async def list(self, actor: Actor, query: TagListQuery) -> PageResult[TagRow]:
        """Tags of published articles; editors also see unused ones."""
        unused = is_editor(actor)

        def listing(cursor: bool, size: int) -> CompiledSelect:
            return tags.listing(unused=unused, cursor=cursor, size=size)

        page = await read_page(self._unit.rows, listing, tags.BY_SLUG, query, {})
        return PageResult(self._shown(actor, page.items), page.next_cursor)

    async def get(self, actor: Actor, slug: str) -> TagRow:
        """One tag. Raises `TagNotFound`, `Moved` or `Gone`."""
        found = await self._unit.rows.fetch(tags.with_slug(unused=is_editor(actor)), {"slug": slug})
        if not found:
            raise await self._permalinks.missing(actor, "tag", slug)
        (tag,) = self._shown(actor, found)
        return tag

    def _shown(self, actor: Actor, rows: Sequence[Row]) -> Sequence[TagRow]:
        surrogate_keys = {keys.TAGS}
        shown = tags.TAG.unpack(rows, surrogate_keys)
        if actor is None:
            self._unit.surrogate_keys.add(*surrogate_keys)
        return shown

    async def named(self, names: Sequence[str]) -> Sequence[Tag]:
        """The tags with these names; missing ones are created, each under a slug of its own. Raises `TagTaken`."""
        wanted = _by_key(names)
        # Without what else is to be stored, which would be counted now, before its turn.
        with self._unit.session.no_autoflush:
            found = await self._known(wanted)
            if wanted.keys() - found.keys():
                found = await self._created(wanted, found)
        # In the order in which they are counted.
        return sorted(set(found.values()), key=lambda tag: tag.id)

    async def _known(self, wanted: Mapping[str, str]) -> dict[str, Tag]:
        """The existing tags among these names, by key."""
        if not wanted:
            return {}
        statement = tags.named(wanted.keys(), wanted.values())
        # As they are called now: somebody may have renamed one since it was loaded.
        known = (await self._unit.session.scalars(statement.execution_options(populate_existing=True))).all()
        # A tag without a key goes first: it has exactly this name.
        return {name_key(tag.name): tag for tag in sorted(known, key=lambda tag: tag.name_key is None)}

    async def _created(self, wanted: Mapping[str, str], found: Mapping[str, Tag]) -> dict[str, Tag]:
        """All of these tags, those that are not among the found ones created, whoever else creates them meanwhile."""
        missing = sorted((slug_for(name), name) for key, name in wanted.items() if key not in found)
        # Of several that want one slug, the first gets it.
        await self._insert(dict(reversed(missing)))
        known = await self._known(wanted)
        for slug, name in missing:
            if name_key(name) not in known:
                known[name_key(name)] = await self._created_beside(slug, name)
        return known

    async def _created_beside(self, base: str, name: str) -> Tag:
        """A tag whose slug is taken by another: `base` with a number. Raises `TagTaken`."""
        taken = await self._unit.session.scalars(tags.slugs_made_of(base))
        for slug in alternatives(base, first_free_number(base, taken)):
            await self._insert({slug: name})
            if found := await self._known({name_key(name): name}):
                return found[name_key(name)]
        raise TagTaken(field="tags")

    async def _insert(self, names: Mapping[str, str]) -> None:
        """Insert tags of these slugs and names, but for those that are there.

        In order of slug, so that two requests that make the same tags at once do not wait for each other.
        """
        dialect = self._unit.session.get_bind().dialect.name
        ordered = dict(sorted(names.items()))
        await self._unit.session.execute(tags.insertion(ordered, dialect, clock.now()))

    async def spell(self, article: Article, names: Sequence[str]) -> None:
        """Spell the article's tags in this way, if no other article shows them and no editor has named them.

        Else somebody's draft would decide how a tag is spelled, and tell others that it exists. Call it last: it locks
        what is counted (`app/content/models/counters.py`).
        """
        wanted = _by_key(names)
        respelled = {tag.id: wanted.get(name_key(tag.name), tag.name) for tag in article.tags}
        other = [tag.id for tag in article.tags if respelled[tag.id] != tag.name]
        if not other:
            return
        for tag_id in (await self._unit.session.scalars(tags.not_spelled_yet(other, article.id))).all():
            respelling = tags.respelling(tag_id, respelled[tag_id])
            await self._unit.session.execute(respelling, execution_options={"synchronize_session": False})

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

    async def rename(self, actor: Actor, slug: str, data: TagUpdate) -> TagRow:
        """Rename a tag everywhere. Raises `TagNotFound` or `TagTaken`."""
        tag = await self._locked(actor, slug)
        new_slug = data.slug or await self._slug_for(data.name, tag)
        former_name = tag.name
        # The time is said: an editor may like the name as it is.
        tag.name, tag.slug, tag.updated_at = data.name, new_slug, clock.now()
        with translating(_UNIQUE):
            await self._unit.session.flush()
        if new_slug != slug:
            await self._former_names.keep_tags([tag], [slug], tag)
        await self._draft_tags.follow({name_key(former_name): tag.name})
        self._record(actions.TAG_RENAMED, actor, tag, before=slug, slug=tag.slug)
        return await self.get(actor, tag.slug)

    async def _slug_for(self, name: str, tag: Tag) -> str:
        """The slug of a tag that gets this name: the one that it has, if that is made of the same."""
        base = slug_for(name)
        if slug_for(tag.name) == base and is_made_of(tag.slug, base):
            return tag.slug
        taken = await self._unit.session.scalars(tags.slugs_made_of(base))
        return free_slug(base, set(taken) - {tag.slug})

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
        await self._former_names.redirect_tags(ids, target)
        await self._former_names.keep_tags(sources, [tag.slug for tag in sources], target)
        tagged = select(article_tags.c.article_id).where(article_tags.c.tag_id == target.id)
        moving = (
            select(article_tags.c.article_id, literal(target.id))
            .where(article_tags.c.tag_id.in_(ids), article_tags.c.article_id.not_in(tagged))
            .distinct()
        )
        await self._unit.session.execute(insert(article_tags).from_select(["article_id", "tag_id"], moving))
        await self._unit.session.execute(delete(Tag).where(Tag.id.in_(ids)))
        await self._draft_tags.follow({name_key(tag.name): target.name for tag in sources})
        self._record(actions.TAG_MERGED, actor, target, slug=target.slug, merged=[tag.slug for tag in sources])
        return await self.get(actor, target.slug)

    async def delete(self, actor: Actor, slug: str) -> None:
        """Delete a tag and remove it from all articles. Raises `TagNotFound`."""
        tag = await self._locked(actor, slug)
        await self._former_names.keep_tags([tag], [slug], None)
        await self._unit.session.delete(tag)
        await self._draft_tags.follow({name_key(tag.name): None})
        self._record(actions.TAG_DELETED, actor, tag, slug=slug)

    def _record(self, action: Action, actor: Actor, tag: Tag, **details: Any) -> None:
        self._unit.audit.record(action, actor=actor.account if actor else None, subject=tag, **details)

    async def _locked(self, actor: Actor, slug: str) -> Tag:
        require_role(actor, Role.EDITOR)
        tag = await self._unit.session.scalar(select(Tag).where(Tag.slug == slug).with_for_update(key_share=True))
        if tag is None:
            raise TagNotFound
        await self._unit.preconditions.require(lambda: self.get(actor, slug))
        return tag


def _by_key(names: Sequence[str]) -> dict[str, str]:
    """These names by their keys; of those that are one, the first."""
    return {name_key(name): name for name in reversed(names)}
