"""Reactions as readers see them."""

from app.reactions.models import ReactionKind
from pydantic import Field

from app.core.schemas.base import Output


class ReactionCount(Output):
    """How many have reacted in one way."""

    kind: ReactionKind = Field(examples=["like"])
    count: int = Field(examples=[12])
