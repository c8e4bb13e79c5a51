"""All tables, so that importing this package makes the metadata complete."""

from app.db.models.account_deletion import AccountDeletion, ArticleFate
from app.db.models.address_change import AddressChange
from app.db.models.article import Article, ArticleStatus
from app.db.models.audit_event import AuditEvent
from app.db.models.category import Category
from app.db.models.comment import Comment
from app.db.models.counters import COUNTING
from app.db.models.invitation import Invitation
from app.db.models.login_session import LoginSession, RefreshToken
from app.db.models.mail import OutboxMail
from app.db.models.mail_request import MailRequest, RequestedMail
from app.db.models.personal_token import PersonalToken
from app.db.models.provider_account import ProviderAccount
from app.db.models.purge import Purge
from app.db.models.second_factor import Passkey, PasskeyChallenge, RecoveryCode, Totp
from app.db.models.tag import Tag, article_tags
from app.db.models.user import User

__all__ = [
    "COUNTING",
    "AccountDeletion",
    "AddressChange",
    "Article",
    "ArticleFate",
    "ArticleStatus",
    "AuditEvent",
    "Category",
    "Comment",
    "Invitation",
    "LoginSession",
    "MailRequest",
    "OutboxMail",
    "Passkey",
    "PasskeyChallenge",
    "PersonalToken",
    "ProviderAccount",
    "Purge",
    "RecoveryCode",
    "RefreshToken",
    "RequestedMail",
    "Tag",
    "Totp",
    "User",
    "article_tags",
]
