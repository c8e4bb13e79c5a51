"""Queries for reactions."""

from typing import Annotated, TypedDict

from sqlalchemy import Select, String, bindparam, func, select, type_coerce

from app.accounts.policies.actors import Principal
from app.db.base import BigId
from app.db.compiled_selects import CompiledSelect
from app.db.row_shapes import RowShape
from app.reactions.models import Reaction
from app.reactions.schemas import ReactionCount


class CountRow(TypedDict):
    kind: Annotated[str, type_coerce(Reaction.kind, String)]
    count: Annotated[int, func.count(Reaction.id)]


COUNT = RowShape(CountRow, ReactionCount)
OF_ARTICLE = CompiledSelect(
    COUNT.select()
    .where(Reaction.article_id == bindparam("article_id", type_=BigId))
    .group_by(Reaction.kind)
    .order_by(Reaction.kind)
)


def of_account(owner: Principal, after: int) -> Select[tuple[Reaction]]:
    """The reactions of an account after the one with this id."""
    return select(Reaction).where(Reaction.user_id == owner.id, Reaction.id > after).order_by(Reaction.id)
