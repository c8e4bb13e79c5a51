"""What tags, categories and authors were called in public, kept when they get another name."""

from collections.abc import Iterable

from sqlalchemy import update

from app.accounts.events import UsernameChanged
from app.content.models import FormerName, Named, Tag
from app.content.queries import permalinks
from app.unit_of_work import UnitOfWork


class FormerNames:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def keep(self, resource: Named, slug: str, target_id: int | None) -> None:
        """Have a name lead to what it was the name of, or to nothing if that is deleted now."""
        dialect = self._unit.session.get_bind().dialect.name
        await self._unit.session.execute(permalinks.keeping(resource, slug, target_id, dialect))

    async def keep_tags(self, tags: Iterable[Tag], slugs: Iterable[str], target: Tag | None) -> None:
        """Have the slugs of these tags lead to the target; those that nobody but editors has seen do not."""
        slug_of = dict(zip((tag.id for tag in tags), slugs, strict=True))
        public = (await self._unit.session.scalars(permalinks.public_tags(list(slug_of)))).all()
        for tag_id in sorted(public):
            await self.keep(Named.TAG, slug_of[tag_id], target.id if target else None)

    async def redirect_tags(self, ids: Iterable[int], target: Tag) -> None:
        """Have what leads to these tags lead to the target instead."""
        leading = update(FormerName).where(FormerName.tag_id.in_(list(ids))).values(tag_id=target.id)
        await self._unit.session.execute(leading, execution_options={"synchronize_session": False})


async def keep_username(unit: UnitOfWork, event: UsernameChanged) -> None:
    """What somebody was called leads to them only if readers have seen it."""
    if await unit.session.scalar(permalinks.was_public_author(event.user_id)):
        await FormerNames(unit).keep(Named.AUTHOR, event.before, event.user_id)
