"""The history of articles: every save that changes something is a revision."""

from dataclasses import dataclass
from datetime import timedelta

from app.content.models import Article, Reason, Revision, RevisionText, Snapshot
from app.content.models.snapshot import EVERY_FIELD
from app.content.queries import revisions
from app.content.text_deltas import compressed, delta, keyframe_is_due, restored
from app.core import clock
from app.unit_of_work import UnitOfWork

COALESCING = timedelta(minutes=10)


@dataclass(frozen=True)
class Save:
    """Who saves a text, and why; `by` is the id of an account, None the command line or the blog itself."""

    by: int | None
    reason: Reason
    is_published: bool = False


class History:
    """Records what articles become. Whoever calls it has locked the article."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def begin(self, article: Article, save: Save) -> None:
        """Record a new article, which is new in every field."""
        text_id = await self._stored(article.id, article.body_markdown)
        await self._add(article, article.snapshot, save, EVERY_FIELD, text_id)

    async def record(
        self, article: Article, after: Snapshot, save: Save, fields: tuple[str, ...], same_body_as: int | None = None
    ) -> int:
        """Record what a text has become, and in which fields. Returns the number, which is the text's version.

        `same_body_as` is the number of a revision with the same body, if there is one.
        """
        text_id = None
        if same_body_as is not None:
            text_id = await self._unit.session.scalar(revisions.text_of(article.id, same_body_as))
        article.latest_revision += 1
        revision = await self._add(
            article, after, save, fields, text_id or await self._stored(article.id, after.body_markdown)
        )
        if save.reason is Reason.AUTOSAVE:
            await self._coalesce(revision)
        return revision.number

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
            fields=list(fields),
            was_published=save.is_published,
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
        text = RevisionText(article_id=article_id)
        difference = delta(body, restored(whole.data, None)) if whole is not None else None
        if whole is None or difference is None or keyframe_is_due(len(difference), len(whole.data)):
            text.data = compressed(body)
        else:
            text.data, text.base_id = difference, whole.id
        self._unit.session.add(text)
        await self._unit.session.flush()
        return text.id

    async def _coalesce(self, revision: Revision) -> None:
        """Let an autosave stand for the person's earlier one, unless that is too long ago."""
        if revision.by_id is None:
            return
        since = revision.created_at - COALESCING
        earlier = await self._unit.session.scalar(
            revisions.autosave_by(revision.by_id, revision.article_id, since, revision.number)
        )
        if earlier is not None:
            earlier.superseded_at = revision.created_at
            revision.began_at = earlier.began_at
            revision.fields = sorted({*earlier.fields, *revision.fields})
