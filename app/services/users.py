"""What admins do with other people's accounts, and what everybody sees of authors."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import AuthorNotFound
from app.core.roles import Role
from app.db.models import User
from app.db.queries import users
from app.policies.actors import Actor, require_role
from app.schemas.pages import PageQuery
from app.schemas.users import AuthorOut, UserListQuery, UserUpdate
from app.services.administration import Administration, Counted
from app.services.paging import Slice, fetch_page


class UserService:
    def __init__(self, session: AsyncSession, administration: Administration) -> None:
        self._session = session
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

    async def authors(self, page: PageQuery) -> Slice[AuthorOut]:
        """Everybody who has published something."""
        rows = await fetch_page(self._session, users.authors().where(users.exists), users.BY_USERNAME, page)
        return Slice([_profile(user, count) for user, count, *_ in rows.items], rows.next_cursor)

    async def author(self, username: str) -> AuthorOut:
        """The public profile of somebody who has published something. Raises `AuthorNotFound`.

        Of deleted accounts too: what they wrote is still listed under the name that is left of them.
        """
        found = await self._session.execute(users.authors().where(User.username == username))
        row = found.one_or_none()
        if row is None:
            raise AuthorNotFound
        return _profile(row[0], row[1])


def _profile(user: User, article_count: int) -> AuthorOut:
    return AuthorOut(
        username=user.username,
        display_name=user.display_name,
        avatar_url=user.avatar_url,
        bio=user.bio,
        article_count=article_count,
    )
