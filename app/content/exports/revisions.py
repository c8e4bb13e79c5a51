"""Histories of articles in the export of an account."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.exports.parts import JsonList
from app.accounts.policies.actors import Principal
from app.content.errors import RevisionDamaged
from app.content.models import Article, ArticleKind, Reason, Revision, Visibility
from app.content.queries.revisions import WITH_TEXT
from app.content.revision_bodies import body_of
from app.core.schemas.base import Output


class ExportedRevision(Output):
    article: str = Field(description="The article's slug, as it is now.")
    number: int
    created_at: datetime
    is_by_owner: bool
    reason: Reason
    fields: list[str]
    name: str | None
    was_published: bool
    shown_as: list[str] = Field(
        description="Where this text is now: `article` for what readers see, or what the article says while it is "
        "not published; `draft` for its working copy; `scheduled` for what a schedule will publish."
    )
    title: str
    slug: str
    body_markdown: str | None = Field(description="None if it is damaged where it is stored.")
    excerpt: str | None
    language: str
    cover_image_url: str | None
    category: str | None
    tags: list[str]
    kind: ArticleKind
    visibility: Visibility


def _revisions(owner: Principal, after: int) -> Select[tuple[Revision]]:
    """The history of everything that the account has written, whoever made it."""
    return (
        select(Revision)
        .join(Article, Article.id == Revision.article_id)
        .where(Article.author_id == owner.id, Revision.superseded_at.is_(None), Revision.id > after)
        .options(contains_eager(Revision.article).selectinload(Article.copies))
        .options(joinedload(Revision.category), WITH_TEXT)
        .order_by(Revision.id)
    )


def _body_of(revision: Revision) -> str | None:
    try:
        return body_of(revision)
    except RevisionDamaged:
        # The others are not to be missed for it.
        return None


def _revision(revision: Revision, owner: Principal) -> ExportedRevision:
    return ExportedRevision(
        article=revision.article.slug,
        number=revision.number,
        created_at=revision.created_at,
        is_by_owner=revision.by_id == owner.id,
        reason=revision.reason,
        fields=revision.fields,
        name=revision.name,
        was_published=revision.was_published,
        shown_as=[
            *(["article"] if revision.article.version == revision.number else []),
            *(copy.purpose for copy in revision.article.copies if copy.version == revision.number),
        ],
        title=revision.title,
        slug=revision.slug,
        body_markdown=_body_of(revision),
        excerpt=revision.given_excerpt,
        language=revision.language,
        cover_image_url=revision.cover_image_url,
        category=revision.category.name if revision.category else None,
        tags=revision.tags,
        kind=revision.kind,
        visibility=revision.visibility,
    )


REVISIONS = JsonList(
    "revisions.json",
    "the history of your articles and their drafts, deleted articles included; `is_by_owner` says which revisions are "
    "yours, and `shown_as` which are what readers see or a draft now",
    _revisions,
    _revision,
    batch=50,
)
