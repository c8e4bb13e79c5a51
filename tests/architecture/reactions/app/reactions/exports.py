"""The reactions in the export of an account."""

from datetime import datetime

from app.accounts.exports.parts import JsonList
from app.accounts.policies.actors import Principal
from app.core.schemas.base import Output
from app.reactions.models import Reaction, ReactionKind
from app.reactions.queries import of_account


class ExportedReaction(Output):
    article_id: int
    kind: ReactionKind
    created_at: datetime


def _reaction(reaction: Reaction, _user: Principal) -> ExportedReaction:
    return ExportedReaction.model_validate(reaction)


REACTIONS = JsonList("reactions.json", "how you reacted to articles", of_account, _reaction)
