"""Queries for second factors."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from app.accounts.models import Passkey, ProviderAccount, RecoveryCode, Totp, User

METHODS = ("totp", "recovery_code", "passkey")


def methods_of(user_id: int) -> Select[Any]:
    """One row that says for each of `METHODS` whether the account has it."""
    return select(
        exists().where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None)),
        exists().where(RecoveryCode.user_id == user_id),
        exists().where(Passkey.user_id == user_id),
    )


def confirmed_totp(user_id: int) -> Select[tuple[Totp]]:
    return select(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))


def recovery_codes_left(user_id: int) -> Select[tuple[int]]:
    return select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)


def passkeys_of(user_id: int) -> Select[tuple[Passkey]]:
    """An account's passkeys, oldest first."""
    return select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)


def passkey_with_owner(credential_id: bytes) -> Select[tuple[Passkey, User]]:
    return select(Passkey, User).join(User, Passkey.user_id == User.id).where(Passkey.credential_id == credential_id)


def ways_in_besides(passkey_id: int, user_id: int, offered: Collection[str]) -> Select[tuple[bool]]:
    """Whether someone without a password could still log in if this passkey were deleted.

    Providers that are no longer offered do not count.
    """
    return select(
        or_(
            exists().where(Passkey.user_id == user_id, Passkey.id != passkey_id),
            exists().where(ProviderAccount.user_id == user_id, ProviderAccount.provider.in_(offered)),
        )
    )
