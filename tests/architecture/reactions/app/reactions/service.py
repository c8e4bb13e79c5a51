"""Reactions to articles: given, taken back and counted."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.policies.actors import Actor, require_verified
from app.cache import keys
from app.content.services.articles import ArticleService
from app.db.constraints import violated_constraint
from app.reactions import queries as reactions
from app.reactions.models import Reaction, ReactionKind
from app.reactions.queries import CountRow
from app.unit_of_work import UnitOfWork

_TWICE = "uq_reactions_user_id_article_id_kind"


def reactions_to(article_id: int) -> str:
    """The surrogate key of how many have reacted to an article."""
    return f"reactions:{article_id}"


class ReactionService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._articles = ArticleService(unit)

    async def count(self, actor: Actor, slug: str) -> Sequence[CountRow]:
        """How many have reacted in which way. Raises `ArticleNotFound`."""
        article_id = await self._articles.id_of(actor, slug)
        rows = await self._unit.rows.fetch(reactions.OF_ARTICLE, {"article_id": article_id})
        if actor is None:
            self._unit.surrogate_keys.add(keys.article(article_id), reactions_to(article_id))
        return reactions.COUNT.unpack(rows, set())

    async def add(self, actor: Actor, slug: str, kind: ReactionKind) -> None:
        """React to an article; doing so twice is doing it once. Raises `ArticleNotFound`."""
        account = require_verified(actor)
        article_id = await self._articles.id_of(actor, slug)
        try:
            async with self._unit.session.begin_nested():
                self._unit.session.add(Reaction(article_id=article_id, user_id=account.id, kind=kind))
        except IntegrityError as error:
            if violated_constraint(error) != _TWICE:
                raise

    async def remove(self, actor: Actor, slug: str, kind: ReactionKind) -> None:
        """Take a reaction back, if there is one. Raises `ArticleNotFound`."""
        account = require_verified(actor)
        article_id = await self._articles.id_of(actor, slug)
        given = select(Reaction).where(
            Reaction.article_id == article_id, Reaction.user_id == account.id, Reaction.kind == kind
        )
        for reaction in await self._unit.session.scalars(given):
            await self._unit.session.delete(reaction)
