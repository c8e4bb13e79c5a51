"""Public profiles of authors."""

from collections.abc import Sequence

from app.cache import keys
from app.content.errors import AuthorNotFound
from app.content.queries import authors
from app.content.schemas.rows import ProfileRow
from app.core.schemas.pages import PageQuery
from app.db.compiled_selects import CompiledSelect, Row
from app.db.paging import PageResult, read_page
from app.unit_of_work import UnitOfWork


class AuthorService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def list(self, page: PageQuery) -> PageResult[ProfileRow]:
        """Everyone who has published something."""

        def listing(cursor: bool, size: int) -> CompiledSelect:
            return authors.authors(cursor=cursor, size=size)

        found = await read_page(self._unit.rows, listing, authors.BY_USERNAME, page, {})
        self._note(found.items)
        return PageResult([authors.profile(row) for row in found.items], found.next_cursor)

    async def get(self, username: str) -> ProfileRow:
        """The public profile of someone who has published something. Raises `AuthorNotFound`.

        This includes deleted accounts: their articles are still listed under the placeholder name.
        """
        found = await self._unit.rows.fetch(authors.PROFILE, {"username": username})
        if not found:
            raise AuthorNotFound
        self._note(found)
        return authors.profile(found[0])

    def _note(self, rows: Sequence[Row]) -> None:
        # Everybody gets the same.
        self._unit.surrogate_keys.add(keys.AUTHORS, *(keys.author(row[authors.ID]) for row in rows))
