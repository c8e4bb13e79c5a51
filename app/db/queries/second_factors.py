"""Selects of second factors."""

from typing import Any

from sqlalchemy import Select, exists, select

from app.db.models import Passkey, RecoveryCode, Totp

METHODS = ("totp", "recovery_code", "passkey")


def methods_of(user_id: int) -> Select[Any]:
    """One row that says of each of `METHODS` whether the account has it."""
    return select(
        exists().where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None)),
        exists().where(RecoveryCode.user_id == user_id),
        exists().where(Passkey.user_id == user_id),
    )
