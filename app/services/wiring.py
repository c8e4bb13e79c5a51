"""The services of one unit of work, for a request and a command alike."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.passwords import PasswordHasher
from app.db.models import User
from app.mail.messages import MessageWriter
from app.services.accounts import AccountService
from app.services.articles import ArticleService
from app.services.categories import CategoryService
from app.services.comments import CommentService
from app.services.outbox import Outbox
from app.services.tags import TagService
from app.services.user_manager import AccessTokens, UserDatabase, UserManager
from app.services.users import UserService


class Services:
    """Makes each service when it is first asked for; whoever opened the session commits it."""

    def __init__(self, session: AsyncSession, settings: Settings, passwords: PasswordHasher) -> None:
        self._session = session
        self._settings = settings
        self._passwords = passwords

    @cached_property
    def accounts(self) -> AccountService:
        messages = MessageWriter(self._settings.site_name, self._settings.frontend_url)
        manager = UserManager(UserDatabase(self._session, User), self._settings, Outbox(self._session), messages)
        return AccountService(self._session, manager, AccessTokens(self._settings), self._passwords)

    @cached_property
    def users(self) -> UserService:
        return UserService(self._session)

    @cached_property
    def articles(self) -> ArticleService:
        return ArticleService(self._session, self.tags, self.categories)

    @cached_property
    def comments(self) -> CommentService:
        return CommentService(self._session)

    @cached_property
    def tags(self) -> TagService:
        return TagService(self._session)

    @cached_property
    def categories(self) -> CategoryService:
        return CategoryService(self._session)
