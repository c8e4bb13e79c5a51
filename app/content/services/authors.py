"""Public profiles of authors."""

from collections.abc import Sequence

from app.cache import keys
from app.content.queries import authors
from app.content.queries.authors import ProfileRow
from app.content.services.permalinks import Permalinks
from app.core.schemas.pages import PageQuery
from app.db.compiled_selects import CompiledSelect, Row
from app.db.paging import PageResult, read_page
from app.unit_of_work import UnitOfWork


class AuthorService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._permalinks = Permalinks(unit)

    async def list(self, page: PageQuery) -> PageResult[ProfileRow]:
        """Everyone who has published something."""

        def listing(cursor: bool, size: int) -> CompiledSelect:
            return authors.authors(cursor=cursor, size=size)

        found = await read_page(self._unit.rows, listing, authors.BY_USERNAME, page, {})
        return PageResult(self._shown(found.items), found.next_cursor)

    async def get(self, username: str) -> ProfileRow:
        """The public profile of someone who has published something. Raises `AuthorNotFound` or `Moved`.

        This includes deleted accounts: their articles are still listed under the placeholder name.
        """
        found = await self._unit.rows.fetch(authors.WITH_USERNAME, {"username": username})
        if not found:
            raise await self._permalinks.missing(None, "author", username)
        (profile,) = self._shown(found)
        return profile

    def _shown(self, rows: Sequence[Row]) -> Sequence[ProfileRow]:
        surrogate_keys = {keys.AUTHORS}
        shown = authors.PROFILE.unpack(rows, surrogate_keys)
        # Everybody gets the same.
        self._unit.surrogate_keys.add(*surrogate_keys)
        return shown
