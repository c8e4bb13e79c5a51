"""Reactions as readers see them."""

from pydantic import Field

from app.core.schemas.base import Output
from app.reactions.models import ReactionKind


class ReactionCount(Output):
    """How many have reacted in one way."""

    kind: ReactionKind = Field(examples=["like"])
    count: int = Field(examples=[12])
