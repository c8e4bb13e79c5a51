"""Removing revisions that are not worth keeping any longer, and the texts that nothing needs then."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import delete, select, update

from app.content.models import Article, Revision, RevisionText
from app.content.queries import revisions
from app.content.queries.revisions import AgeRow
from app.content.thinning import RevisionAge, ask_again_later, dispensable, next_question
from app.core import clock
from app.unit_of_work import UnitOfWork

# In one transaction, during which these articles cannot be saved.
BATCH = 20
_MOST_PARAMETERS = 1000
_AS_IT_IS = {"synchronize_session": False}


class ThinningOut:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def run(self) -> bool:
        """Thin out the histories of some articles of which it is time; whether there may be more.

        They are locked, as by those who save: a text that a save is about to be based on is not removed meanwhile.
        """
        session = self._unit.session
        due = (await session.scalars(revisions.articles_to_thin_out(clock.now(), BATCH))).all()
        if not due:
            return False
        locked = select(Article.id).where(Article.id.in_(due)).order_by(Article.id)
        ids = (await session.scalars(locked.with_for_update(key_share=True))).all()
        rows = (await session.execute(revisions.ages(ids))).all()
        for _, some in groupby(rows, key=lambda row: row.article_id):
            await self._thin_out([AgeRow(*row) for row in some])
        await self._remove_texts(ids)
        return True

    async def _thin_out(self, rows: Sequence[AgeRow]) -> None:
        """The history of one article."""
        now = clock.now()
        ages = {row.id: _age(row) for row in rows}
        numbers = dispensable(ages.values(), now)
        gone = [row.id for row in rows if row.number in numbers]
        for first in range(0, len(gone), _MOST_PARAMETERS):
            some = gone[first : first + _MOST_PARAMETERS]
            await self._unit.session.execute(delete(Revision).where(Revision.id.in_(some)))
        stays = [row for row in rows if row.number not in numbers and row.thin_out_at and row.thin_out_at < now]
        if stays:
            later = [{"id": row.id, "thin_out_at": _later(row, ages[row.id], now)} for row in stays]
            await self._unit.session.execute(update(Revision), later)

    async def _remove_texts(self, article_ids: Sequence[int]) -> None:
        # First those that differ from others, and then the others.
        for _ in range(2):
            unused = RevisionText.id.in_(revisions.unused_texts(article_ids))
            await self._unit.session.execute(delete(RevisionText).where(unused), execution_options=_AS_IT_IS)


def _later(row: AgeRow, age: RevisionAge, now: datetime) -> datetime | None:
    # What is only shown now may be like any other before long.
    return ask_again_later(now) if row.is_shown and not row.stays_for_ever else next_question(age, now)


def _age(row: AgeRow) -> RevisionAge:
    return RevisionAge(row.number, row.created_at, row.stays_for_ever or row.is_shown, row.superseded_at)
