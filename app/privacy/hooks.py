"""What is done beside requests so that no personal data are kept for nothing."""

from datetime import timedelta

from app.privacy.never_confirmed import clear_unconfirmed
from app.queue.kinds import register_chore

register_chore("clear_unconfirmed", clear_unconfirmed, every=timedelta(hours=1))
