"""Statements about idempotency keys. A key that was stored at `ended` or before counts no more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.dialects import postgresql, sqlite

from app.idempotency.models import IdempotencyKey
from app.idempotency.schemas import KeyedRequest


def of_request(request: KeyedRequest, ended: datetime) -> Select[tuple[str, int, dict[str, str], bytes]]:
    """The fingerprint that came with the key, and the status, headers and body of the first answer."""
    return select(IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body).where(
        IdempotencyKey.user_id == request.account_id,
        IdempotencyKey.key == request.key,
        IdempotencyKey.created_at > ended,
    )


def storing(dialect: str, values: Mapping[str, Any], ended: datetime) -> Any:
    """Store a key unless it is there and counts. Returns the id if it was stored.

    Waits for a transaction that is storing the same key.
    """
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(IdempotencyKey).values(values)
    return statement.on_conflict_do_update(
        index_elements=["user_id", "key"], set_=dict(values), where=is_over(ended)
    ).returning(IdempotencyKey.id)


def is_over(ended: datetime) -> ColumnElement[bool]:
    return IdempotencyKey.created_at <= ended
