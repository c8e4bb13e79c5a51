"""Articles in the export of an account: Markdown files with front matter."""

import re
from typing import Any

import yaml
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload, undefer

from app.accounts.exports.parts import Folder
from app.accounts.models import User
from app.accounts.policies.actors import Principal
from app.content.models import Article, ArticleKind, ArticleStatus, Visibility
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
