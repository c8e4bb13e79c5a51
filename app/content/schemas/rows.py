"""Responses as read from the database: the same fields as the schemas, without further validation."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict


class AuthorRow(TypedDict):
    username: str
    display_name: str
    avatar_url: str | None


class ProfileRow(AuthorRow):
    bio: str
    article_count: int


class RefRow(TypedDict):
    """A tag or category, as an article refers to it."""

    slug: str
    name: str


class SummaryRow(TypedDict):
    """An article in a list."""

    id: int
    slug: str
    title: str
    excerpt: str
    status: str
    language: str
    cover_image_url: str | None
    author: AuthorRow
    category: RefRow | None
    tags: Sequence[RefRow]
    word_count: int
    reading_minutes: int
    comment_count: int
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ArticleRow(SummaryRow):
    """An article with its body."""

    body_markdown: str
    body_html: str


class TagRow(RefRow):
    article_count: int
