"""What reactions have to do with the rest of the blog."""

from app.accounts.personal_data import register_owned
from app.db.changes.tracking import Change, register_public
from app.reactions.exports import REACTIONS
from app.reactions.models import Reaction
from app.reactions.service import reactions_to


def _by_reaction(change: Change) -> set[str]:
    return {reactions_to(change.instance.article_id)}


register_public(Reaction.__table__, _by_reaction)
register_owned(Reaction.user_id, credentials=None, exported=REACTIONS)
