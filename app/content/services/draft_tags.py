"""The tags in texts that are not published: mere names, which follow what becomes of the tags."""

from collections.abc import Mapping

from sqlalchemy import select, update

from app.content.models import ArticleCopy
from app.core.names import name_key
from app.unit_of_work import UnitOfWork

_BATCH = 500


class DraftTags:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def follow(self, names: Mapping[str, str | None]) -> None:
        """Replace tags by others in all copies of articles: by the key of its old name the new one, or None.

        Otherwise they would come back with the next publication.
        """
        last, size = 0, _BATCH
        while size == _BATCH:
            found = select(ArticleCopy.id, ArticleCopy.version, ArticleCopy.tags).where(ArticleCopy.id > last)
            copies = (await self._unit.session.execute(found.order_by(ArticleCopy.id).limit(_BATCH))).all()
            for copy_id, version, tags in copies:
                if (changed := _renamed(tags, names)) != tags:
                    # Whoever saves it at this moment has the last word.
                    unchanged = ArticleCopy.id == copy_id, ArticleCopy.version == version
                    statement = update(ArticleCopy).where(*unchanged).values(tags=changed)
                    await self._unit.session.execute(statement, execution_options={"synchronize_session": False})
            size = len(copies)
            last = copies[-1][0] if copies else last


def _renamed(tags: list[str], names: Mapping[str, str | None]) -> list[str]:
    renamed = [names.get(name_key(tag), tag) for tag in tags]
    return list({name_key(tag): tag for tag in reversed(renamed) if tag is not None}.values())[::-1]
