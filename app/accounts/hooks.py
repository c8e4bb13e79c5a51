"""Which public responses a change to an account invalidates."""

from app.accounts.models import User
from app.cache import keys
from app.db.changes.tracking import Change, register_public

_PUBLIC_FIELDS = {"username", "display_name", "avatar_url", "bio", "deleted_at"}


def _by_user(change: Change) -> set[str]:
    # Whoever comes or goes has written nothing that is shown.
    if not change.is_update or not change.fields & _PUBLIC_FIELDS:
        return set()
    return {keys.author(change.instance.id), keys.AUTHORS}


register_public(User.__table__, _by_user, is_seen_when_new=False)
