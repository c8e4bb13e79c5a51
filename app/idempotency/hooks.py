"""What idempotency keys have to do with the rest of the blog."""

from datetime import timedelta

from app.accounts.exports.parts import NotExported
from app.accounts.personal_data import register_owned
from app.core import clock
from app.db.changes.tracking import register_private
from app.db.clearing import delete_in_batches
from app.idempotency import queries
from app.idempotency.models import IdempotencyKey
from app.idempotency.service import KEPT_FOR
from app.queue.delivery import Delivery
from app.queue.kinds import Nothing, register_chore


async def _clear_idempotency_keys(chore: Delivery[Nothing]) -> None:
    await delete_in_batches(chore.database, IdempotencyKey, queries.is_over(clock.now() - KEPT_FOR))


register_private(IdempotencyKey.__table__)
register_owned(
    IdempotencyKey.user_id,
    # It lets nobody in: whoever repeats a request has to be allowed to make it.
    credentials=None,
    exported=NotExported("It repeats what is exported anyway, and is gone within a day."),
)
register_chore("clear_idempotency_keys", _clear_idempotency_keys, every=timedelta(hours=1))
