"""Texts of an article compared with each other, and merged."""

from collections.abc import Iterable

from app.accounts.policies.actors import Actor, require_account
from app.content.comparing.bodies import body_diff, body_merge, hunks_of, with_both_sides
from app.content.comparing.fields import Fields, field_changes, merged_fields
from app.content.errors import RevisionNotFound
from app.content.models import Article, Category, Revision
from app.content.models.snapshot import Written
from app.content.queries import revisions
from app.content.revision_bodies import body_of
from app.content.schemas.articles import article_validator
from app.content.schemas.comparisons import FieldChange, FieldConflict, MergedText, MergeInput, MergeOut, RevisionDiff
from app.content.services.article_access import ArticleAccess
from app.core.entity_tags import entity_tag
from app.db.session import reading
from app.unit_of_work import UnitOfWork


class ComparisonService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)

    async def diff(self, actor: Actor, slug: str, old: int, new: int) -> RevisionDiff:
        """What turns one revision into another, whichever is older.

        Raises `ArticleNotFound`, `Moved`, `Gone`, `Forbidden`, `RevisionNotFound`, `RevisionDamaged` or
        `ComparisonUnavailable`.
        """
        account = require_account(actor)
        async with reading(self._unit.session):
            article = await self._access.to_show(actor, slug)
            before, after = await self._required(article, old), await self._required(article, new)
        changes = field_changes(_fields_of(before), _fields_of(after))
        return RevisionDiff(
            old=old,
            new=new,
            fields=[FieldChange.model_validate(change) for change in changes.fields],
            tags_added=list(changes.tags_added),
            tags_removed=list(changes.tags_removed),
            body=await body_diff(body_of(before), body_of(after), (str(old), str(new)), account.id),
        )

    async def merge(self, actor: Actor, slug: str, data: MergeInput) -> MergeOut:
        """Merge a text with the present draft, or with what readers see where there is none. Nothing is saved.

        Raises `ArticleNotFound`, `Forbidden`, `RevisionNotFound` for a base that never was, or `ComparisonUnavailable`.
        """
        account = require_account(actor)
        async with reading(self._unit.session):
            article = await self._access.to_read(actor, slug)
            base = await self._base(article, data.base_version)
            present = await self._access.draft_of(article) or article
            category = await self._unit.session.get(Category, present.category_id) if present.category_id else None
            theirs = _fields(present, present.snapshot.tags, category)
        base_fields = _fields_of(base) if base else None
        fields = merged_fields(base_fields, _mine(data, base_fields or theirs), theirs)
        base_body = body_of(base) if base else None
        body = await body_merge(base_body, data.body_markdown, present.body_markdown, account.id)
        validator = article_validator(article.id, present.version)
        return MergeOut(
            version=present.version,
            etag=entity_tag(validator),
            is_base_known=base is not None,
            merged=MergedText.model_validate({**vars(fields.merged), "body_markdown": with_both_sides(body)}),
            field_conflicts=[FieldConflict.model_validate(conflict) for conflict in fields.conflicts],
            hunks=hunks_of(body),
        )

    async def _required(self, article: Article, number: int) -> Revision:
        revision = await self._unit.session.scalar(revisions.numbered(article.id, number))
        if revision is None:
            raise RevisionNotFound
        return revision

    async def _base(self, article: Article, number: int) -> Revision | None:
        """A revision, unless it is gone."""
        if number > article.latest_revision:
            raise RevisionNotFound(field="base_version")
        base: Revision | None = await self._unit.session.scalar(revisions.numbered(article.id, number))
        return base


def _fields_of(revision: Revision) -> Fields:
    return _fields(revision, revision.tags, revision.category)


def _fields(text: Written, tags: Iterable[str], category: Category | None) -> Fields:
    return Fields(
        title=text.title,
        slug=text.slug,
        excerpt=text.given_excerpt,
        language=text.language,
        cover_image_url=text.cover_image_url,
        category=category.slug if category else None,
        tags=tuple(tags),
        kind=text.kind,
        visibility=text.visibility,
    )


def _mine(data: MergeInput, before: Fields) -> Fields:
    return Fields(
        title=data.title,
        # What is omitted stays, as when a draft is saved.
        slug=data.slug or before.slug,
        excerpt=data.excerpt,
        language=data.language,
        cover_image_url=data.cover_image_url,
        category=data.category,
        tags=tuple(data.tags),
        kind=data.kind or before.kind,
        visibility=data.visibility or before.visibility,
    )
