"""Queries for accounts at providers that users sign in with."""

from collections.abc import Collection

from sqlalchemy import Select, exists, or_, select

from app.accounts.models import Passkey, ProviderAccount, User
from app.accounts.queries import users


def owner_of(provider: str, subject: str) -> Select[tuple[User]]:
    """The account that an identity at a provider is linked to."""
    linked = (ProviderAccount.provider == provider) & (ProviderAccount.subject == subject)
    return select(User).join(ProviderAccount, ProviderAccount.user_id == User.id).where(linked)


def having_email(email: str) -> Select[tuple[User]]:
    """The account whose own email this is, confirmed or not; accounts that only claim it are left out."""
    return select(User).where(User.email == email, users.exists)


def of_account(user_id: int) -> Select[tuple[ProviderAccount]]:
    """The providers linked to an account, each at most once."""
    return select(ProviderAccount).where(ProviderAccount.user_id == user_id).order_by(ProviderAccount.provider)


def ways_in_besides(provider: str, user_id: int, offered: Collection[str]) -> Select[tuple[bool]]:
    """Whether someone without a password could still log in if this provider were unlinked.

    Providers that are no longer offered do not count.
    """
    others = (ProviderAccount.provider != provider) & ProviderAccount.provider.in_(offered)
    return select(
        or_(
            exists().where(Passkey.user_id == user_id),
            exists().where(ProviderAccount.user_id == user_id, others),
        )
    )
