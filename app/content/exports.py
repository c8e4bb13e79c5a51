"""What the export of an account has of it: articles as Markdown files with front matter, and redirects."""

import re
from datetime import datetime
from typing import Any

import yaml
from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, selectinload, undefer

from app.accounts.exports.parts import Field as AccountField
from app.accounts.exports.parts import Folder, JsonList
from app.accounts.models import User
from app.accounts.policies.actors import Principal
from app.content.models import (
    Article,
    ArticleKind,
    ArticleStatus,
    Failure,
    FormerName,
    Reason,
    Redirect,
    Revision,
    Schedule,
    Visibility,
)
from app.content.queries.revisions import WITH_TEXT
from app.content.revision_bodies import body_of
from app.core.schemas.base import Output
from app.core.slugs import SLUG_PATTERN

# By which the importer knows that a body is Markdown and nothing else.
GENERATOR = "Colophon"
_ONE_LINE = 1_000_000


def file_name(article: Article) -> str:
    """The article's path in the archive, which cannot lead out of it, whatever the slug."""
    name = article.slug if re.fullmatch(SLUG_PATTERN, article.slug) else f"article-{article.id}"
    return f"articles/{name}.md"


def post_of(article: Article, author: User) -> str:
    """The article, including its body, as `commands.import_markdown` reads it."""
    fields = {name: value for name, value in _fields(article, author).items() if value is not None}
    # A line of its own for each field: the importer knows the end of the front matter by a line of dashes.
    header = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=_ONE_LINE)
    return f"---\n{header}---\n\n{article.body_markdown}"


def _fields(article: Article, author: User) -> dict[str, Any]:
    is_draft = article.status is ArticleStatus.DRAFT
    return {
        "title": article.title,
        "slug": article.slug,
        "author": author.username,
        "status": "deleted" if article.deleted_at else article.status.value,
        # What was deleted does not come back to the public by being imported.
        "draft": True if is_draft or article.deleted_at else None,
        "kind": None if article.kind is ArticleKind.ARTICLE else article.kind.value,
        "visibility": None if article.visibility is Visibility.PUBLIC else article.visibility.value,
        "date": article.published_at,
        "created": article.created_at,
        "updated": article.updated_at,
        "deleted": article.deleted_at,
        "category": article.category.name if article.category else None,
        "tags": [tag.name for tag in article.tags],
        "lang": article.language,
        "description": article.given_excerpt,
        "cover_image_url": article.cover_image_url,
        "generator": GENERATOR,
    }


def _articles(owner: Principal, after: int) -> Select[tuple[Article]]:
    """Everything that the account has written, including drafts and deleted articles."""
    return (
        select(Article)
        .where(Article.author_id == owner.id, Article.id > after)
        .options(joinedload(Article.category), selectinload(Article.tags), undefer(Article.body_markdown))
        .order_by(Article.id)
    )


ARTICLES = Folder(
    "articles",
    "your articles, one Markdown file each; they can be imported again (drafts and deleted articles become drafts)",
    _articles,
    lambda article, author: {file_name(article): post_of(article, author.account)},
)


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
    body_markdown: str
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
        body_markdown=body_of(revision),
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


async def _former_usernames(session: AsyncSession, user: User) -> list[str]:
    former = select(FormerName.slug).where(FormerName.user_id == user.id, FormerName.slug != user.username)
    return list(await session.scalars(former.order_by(FormerName.slug)))


FORMER_USERNAMES = AccountField(
    "former_usernames", "the usernames under which you were public before, which lead to you", _former_usernames
)


class ExportedRedirect(Output):
    source: str
    match: str
    created_at: datetime


def _redirects(owner: Principal, after: int) -> Select[tuple[Redirect]]:
    return select(Redirect).where(Redirect.created_by_id == owner.id, Redirect.id > after).order_by(Redirect.id)


REDIRECTS = JsonList(
    "redirects.json",
    "the redirects that you created",
    _redirects,
    lambda redirect, _owner: ExportedRedirect.model_validate(redirect),
)


class ExportedSchedule(Output):
    article: str = Field(description="The article's slug, as it is now.")
    publish_at: datetime | None
    unpublish_at: datetime | None
    time_zone: str | None
    published_at: datetime | None
    scheduled_at: datetime
    is_by_owner: bool
    failed_at: datetime | None
    failure: Failure | None


def _schedules(owner: Principal, after: int) -> Select[tuple[Schedule]]:
    return (
        select(Schedule)
        .join(Article, Article.id == Schedule.article_id)
        .where(Article.author_id == owner.id, Schedule.id > after)
        .options(contains_eager(Schedule.article))
        .order_by(Schedule.id)
    )


def _schedule(schedule: Schedule, owner: Principal) -> ExportedSchedule:
    return ExportedSchedule(
        article=schedule.article.slug,
        publish_at=schedule.publish_at,
        unpublish_at=schedule.unpublish_at,
        time_zone=schedule.time_zone,
        published_at=schedule.published_at,
        scheduled_at=schedule.created_at,
        is_by_owner=schedule.by_id == owner.id,
        failed_at=schedule.failed_at,
        failure=schedule.failure,
    )


SCHEDULES = JsonList(
    "schedules.json",
    "what is scheduled for your articles; `is_by_owner` says what you scheduled yourself",
    _schedules,
    _schedule,
)
