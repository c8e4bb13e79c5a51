"""Retries: a request that is sent again with the same key gets the first answer, and nothing is done twice."""

from datetime import timedelta

import zstandard

from app.core import clock
from app.core.errors import Conflict
from app.db.session import reading
from app.idempotency import queries
from app.idempotency.errors import IdempotencyKeyReused
from app.idempotency.schemas import Answer, KeyedRequest
from app.unit_of_work import UnitOfWork

# From the first answer on.
KEPT_FOR = timedelta(days=1)
_ZSTD_LEVEL = 3


class IdempotencyService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def first_answer(self, request: KeyedRequest) -> Answer | None:
        """What the first request with this key was answered; None if there was none. Raises `IdempotencyKeyReused`.

        Nothing is locked: of two requests at once both go on, until `keep` tells which of them was the first.
        """
        async with reading(self._unit.session):
            found = await self._unit.session.execute(queries.of_request(request, clock.now() - KEPT_FOR))
            row = found.one_or_none()
        if row is None:
            return None
        fingerprint, status, headers, body = row
        if fingerprint != request.fingerprint:
            raise IdempotencyKeyReused
        return Answer(status, headers, zstandard.decompress(body))

    async def keep(self, request: KeyedRequest, answer: Answer) -> None:
        """Store the answer with all that the unit stores.

        Raises `Conflict` if another request with this key was faster: then nothing of this unit may be stored.
        """
        now = clock.now()
        values = {
            "user_id": request.account_id,
            "key": request.key,
            "fingerprint": request.fingerprint,
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": zstandard.compress(answer.body, _ZSTD_LEVEL),
            "created_at": now,
        }
        session = self._unit.session
        await session.flush()
        statement = queries.storing(session.get_bind().dialect.name, values, now - KEPT_FOR)
        if await session.scalar(statement) is None:
            raise Conflict("This conflicts with a change that was just made. Try again.")

    async def yield_to_first(self, request: KeyedRequest) -> Answer | None:
        """Undo all that the unit has done, and look again what the first request was answered."""
        await self._unit.session.rollback()
        return await self.first_answer(request)
