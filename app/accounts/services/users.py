"""What admins do with other people's accounts, and what everybody sees of authors."""

from collections.abc import Sequence

from app.accounts.models import User
from app.accounts.policies.actors import Actor, require_role
from app.accounts.queries import users
from app.accounts.schemas.users import UserListQuery, UserUpdate
from app.accounts.services.administration import Administration, Counted
from app.cache import keys
from app.content.errors import AuthorNotFound
from app.content.schemas.rows import ProfileRow
from app.core.roles import Role
from app.core.schemas.pages import PageQuery
from app.db.paging import Slice, read_page
from app.db.read_context import View
from app.db.reader import Query, Row


class UserService:
    def __init__(self, view: View, administration: Administration) -> None:
        self._view = view
        self._administration = administration

    async def list(self, actor: Actor, query: UserListQuery) -> Counted:
        """Accounts, the newest first, for admins."""
        require_role(actor, Role.ADMIN)
        return await self._administration.list(query)

    async def get(self, actor: Actor, user_id: int) -> User:
        """One account, for admins. Raises `UserNotFound`."""
        require_role(actor, Role.ADMIN)
        return await self._administration.get(user_id)

    async def update(self, actor: Actor, user_id: int, data: UserUpdate) -> User:
        """Change an account. Raises `UserNotFound`, `EmailTaken`, `UsernameTaken` or `LastAdmin`."""
        admin = require_role(actor, Role.ADMIN).account
        return await self._administration.update(user_id, data, admin)

    async def delete(self, actor: Actor, user_id: int) -> None:
        """Forget who an account belonged to; what they wrote stays. Raises `UserNotFound` or `LastAdmin`."""
        admin = require_role(actor, Role.ADMIN).account
        await self._administration.delete(user_id, admin)

    async def authors(self, page: PageQuery) -> Slice[ProfileRow]:
        """Everybody who has published something."""

        def listing(cursor: bool, size: int) -> Query:
            return users.authors(cursor=cursor, size=size)

        found = await read_page(self._view.rows, listing, users.BY_USERNAME, page, {})
        self._note(found.items)
        return Slice([users.profile(row) for row in found.items], found.next_cursor)

    async def author(self, username: str) -> ProfileRow:
        """The public profile of somebody who has published something. Raises `AuthorNotFound`.

        Of deleted accounts too: what they wrote is still listed under the name that is left of them.
        """
        found = await self._view.rows.fetch(users.PROFILE, {"username": username})
        if not found:
            raise AuthorNotFound
        self._note(found)
        return users.profile(found[0])

    def _note(self, rows: Sequence[Row]) -> None:
        # Everybody gets the same.
        self._view.shown.note(keys.AUTHORS, *(keys.author(row[users.ID]) for row in rows))
