"""Accounts, and the ways to log in to them."""

from app.accounts.models.account_deletion import AccountDeletion, ArticleDisposition
from app.accounts.models.email_change import EmailChange
from app.accounts.models.invitation import Invitation
from app.accounts.models.login_session import LoginSession, RefreshToken
from app.accounts.models.personal_token import PersonalToken
from app.accounts.models.provider_account import ProviderAccount
from app.accounts.models.second_factor import Passkey, PasskeyChallenge, RecoveryCode, Totp
from app.accounts.models.user import User

__all__ = [
    "AccountDeletion",
    "ArticleDisposition",
    "EmailChange",
    "Invitation",
    "LoginSession",
    "Passkey",
    "PasskeyChallenge",
    "PersonalToken",
    "ProviderAccount",
    "RecoveryCode",
    "RefreshToken",
    "Totp",
    "User",
]
