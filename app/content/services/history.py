"""The history of articles: every save that changes something is a revision."""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value

from app.content.errors import RevisionDamaged
from app.content.models import Article, Reason, Revision, RevisionText, Snapshot
from app.content.models.snapshot import EVERY_FIELD
from app.content.queries import revisions
from app.content.revision_bodies import snapshot_of
from app.content.text_deltas import DamagedText, compressed, delta, keyframe_is_due, restored
from app.content.thinning import first_question
from app.core import clock
from app.unit_of_work import UnitOfWork

COALESCING = timedelta(minutes=10)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Save:
    """Who saves a text, and why; `by` is the id of an account, None the command line or the blog itself."""

    by: int | None
    reason: Reason
    is_published: bool = False


@dataclass(frozen=True)
class Onto:
    """The version of the text that a save is made to, and whether its body stays."""

    version: int
    same_body: bool = False


@dataclass(frozen=True)
class Recorded:
    """The number of a revision, and whether it is an autosave that stands for earlier ones."""

    number: int
    goes_on: bool = False


class History:
    """Records what articles become. Whoever calls it has locked the article."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def begin(self, article: Article, save: Save) -> None:
        """Record a new article, which is new in every field."""
        text_id = await self._stored(article.id, article.body_markdown)
        await self._add(article, article.snapshot, save, EVERY_FIELD, text_id)

    async def record(
        self, article: Article, after: Snapshot, save: Save, fields: tuple[str, ...], onto: Onto
    ) -> Recorded:
        """Record what a text has become, and in which fields. The number is the text's version."""
        text_id = None
        if onto.same_body:
            text_id = await self._unit.session.scalar(revisions.text_of(article.id, onto.version))
        await self._count(article)
        text_id = text_id or await self._stored(article.id, after.body_markdown)
        revision = await self._add(article, after, save, fields, text_id)
        goes_on = save.reason is Reason.AUTOSAVE and await self._coalesce(revision, after, onto)
        return Recorded(revision.number, goes_on)

    async def forget(self, account_id: int) -> None:
        """Leave of an account that is deleted no trace of what was its doing, which stays."""
        await self._unit.session.execute(
            update(Revision).where(Revision.by_id == account_id).values(by_id=None),
            execution_options={"synchronize_session": False},
        )

    async def _count(self, article: Article) -> None:
        # By a statement of its own: readers would see a change of the row by its date.
        number = await self._unit.session.scalar(
            revisions.next_number(article.id), execution_options=revisions.UNSEEN_BY_READERS
        )
        set_committed_value(article, "latest_revision", number)

    async def _add(
        self, article: Article, after: Snapshot, save: Save, fields: tuple[str, ...], text_id: int
    ) -> Revision:
        now = clock.now()
        revision = Revision(
            article_id=article.id,
            number=article.latest_revision,
            created_at=now,
            began_at=now,
            by_id=save.by,
            reason=save.reason,
            is_informed=self._unit.preconditions.name_version,
            fields=list(fields),
            was_published=save.is_published,
            thin_out_at=first_question(now),
            tags=list(after.tags),
            text_id=text_id,
        )
        after.write_to(revision)
        self._unit.session.add(revision)
        await self._unit.session.flush()
        return revision

    async def _stored(self, article_id: int, body: str) -> int:
        """Store a body, and return its id."""
        whole = await self._unit.session.scalar(revisions.newest_whole_text(article_id))
        difference = _difference(body, whole) if whole is not None else None
        text = RevisionText(article_id=article_id)
        if whole is None or difference is None:
            text.data = compressed(body)
        else:
            text.data, text.base_id = difference, whole.id
        self._unit.session.add(text)
        await self._unit.session.flush()
        return text.id

    async def _coalesce(self, revision: Revision, after: Snapshot, onto: Onto) -> bool:
        """Let an autosave stand for the person's earlier one, if nothing that they wrote is lost by that.

        What somebody else has taken out in between is lost, unless they had it before them and said so.
        """
        since = revision.created_at - COALESCING
        wanted = revisions.autosave_to_stand_for(revision, since, onto.version)
        found = (await self._unit.session.execute(wanted)).one_or_none()
        if found is None:
            return False
        earlier, is_known = found
        if not (is_known or earlier.number == onto.version or _has_words_of(earlier, after)):
            return False
        earlier.superseded_at = revision.created_at
        earlier.thin_out_at = first_question(revision.created_at, is_superseded=True)
        revision.began_at = earlier.began_at
        revision.fields = sorted({*earlier.fields, *revision.fields})
        return True


def _has_words_of(earlier: Revision, after: Snapshot) -> bool:
    try:
        return _words_of(snapshot_of(earlier)) <= _words_of(after)
    except RevisionDamaged:
        return False


def _words_of(text: Snapshot) -> set[str]:
    return set(_WORD.findall("\n".join([text.title, text.body_markdown, text.excerpt or "", *text.tags])))


def _difference(body: str, whole: RevisionText) -> bytes | None:
    """The body as what differs from a whole text, unless it is better stored as another whole one."""
    try:
        difference = delta(body, restored(whole.data, None))
    except DamagedText:
        # Who writes now is not to blame, and loses nothing.
        return None
    return None if keyframe_is_due(len(difference), len(whole.data)) else difference
