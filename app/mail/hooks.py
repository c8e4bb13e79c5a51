"""What is measured of the outbox, which is nobody else's business."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.changes.tracking import register_private
from app.db.metrics import Numbers, register_numbers
from app.mail.models import OutboxMail
from app.mail.outbox_status import outbox_status


async def _outbox(session: AsyncSession) -> Numbers:
    outbox = await outbox_status(session)
    return {
        "outbox_waiting_mails": ("Emails that have not been sent yet.", outbox.waiting),
        "outbox_oldest_due_seconds": ("How long the next email has been overdue.", outbox.oldest_due_seconds),
        "outbox_dead_mails": ("Emails that were given up on.", outbox.dead),
    }


register_private(OutboxMail.__table__)
register_numbers(_outbox)
