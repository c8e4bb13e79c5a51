"""Rendering again what a previous version has rendered; nothing else changes, and nobody is told of a change."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import undefer
from sqlalchemy.orm.attributes import flag_modified

import app.hooks  # noqa: F401 - what such a change invalidates
from app.comments.models import Comment
from app.comments.rendering import rendered_comment
from app.content.errors import RenderingUnavailable
from app.content.markup import RenderedArticle
from app.content.models import Article, ArticleCopy
from app.content.rendering import rendered_article
from app.core.errors import AppError
from app.db.session import Database, open_database

Render = Callable[[Database, int], Awaitable[bool]]


@dataclass
class Rerendered:
    """How many texts have other HTML now, and how many keep theirs because they can no longer be rendered."""

    articles: int = 0
    comments: int = 0
    kept: int = 0


async def render_again(database_url: str) -> Rerendered:
    """Render all articles and comments, drafts and deleted ones included. The blog may be running meanwhile."""
    done = Rerendered()
    database = open_database(database_url)
    try:
        async with database.reading() as session:
            articles = (await session.scalars(select(Article.id).order_by(Article.id))).all()
            copies = (await session.scalars(select(ArticleCopy.id).order_by(ArticleCopy.id))).all()
            comments = (await session.scalars(select(Comment.id).order_by(Comment.id))).all()
        for article_id in articles:
            done.articles += await _unless_refused(_render_article, database, article_id, done)
        for copy_id in copies:
            await _unless_refused(_render_copy, database, copy_id, done)
        for comment_id in comments:
            done.comments += await _unless_refused(_render_comment, database, comment_id, done)
    finally:
        await database.dispose()
    return done


async def _unless_refused(render: Render, database: Database, text_id: int, done: Rerendered) -> bool:
    try:
        return await render(database, text_id)
    except RenderingUnavailable:
        raise
    except AppError:
        done.kept += 1
        return False


async def _render_article(database: Database, article_id: int) -> bool:
    async with database.reading() as session:
        found = await session.execute(
            select(
                *(Article.body_markdown, Article.body_html, Article.derived_excerpt),
                *(Article.word_count, Article.reading_minutes),
            ).where(Article.id == article_id)
        )
        article = found.one_or_none()
    if article is None:
        # It was deleted meanwhile.
        return False
    markdown, *before = article
    rendered = await rendered_article(markdown, None)
    if rendered == RenderedArticle(*before):
        return False
    async with database.writing() as session, session.begin():
        unchanged = select(Article).where(Article.id == article_id, Article.body_markdown == markdown)
        bodies = undefer(Article.body_markdown), undefer(Article.body_html)
        article = await session.scalar(unchanged.options(*bodies).with_for_update(key_share=True))
        if article is None:
            # Somebody has written it anew, or it is gone.
            return False
        article.write(markdown, rendered)
        flag_modified(article, "updated_at")
    return True


async def _render_copy(database: Database, copy_id: int) -> bool:
    """What is written beside an article."""
    async with database.reading() as session:
        before = await session.get(ArticleCopy, copy_id)
    if before is None:
        return False
    rendered = await rendered_article(before.body_markdown, None)
    if rendered == before.rendered:
        return False
    async with database.writing() as session, session.begin():
        unchanged = select(ArticleCopy).where(ArticleCopy.id == copy_id)
        copy = await session.scalar(unchanged.with_for_update(key_share=True))
        if copy is None or copy.body_markdown != before.body_markdown:
            return False
        copy.render(rendered)
    return True


async def _render_comment(database: Database, comment_id: int) -> bool:
    async with database.reading() as session:
        found = await session.execute(select(Comment.body_markdown, Comment.body_html).where(Comment.id == comment_id))
        comment = found.one_or_none()
    if comment is None:
        return False
    markdown, before = comment
    html = await rendered_comment(markdown, None)
    if html == before:
        return False
    async with database.writing() as session, session.begin():
        unchanged = select(Comment).where(Comment.id == comment_id, Comment.body_markdown == markdown)
        comment = await session.scalar(unchanged.with_for_update(key_share=True))
        if comment is None:
            return False
        comment.write(markdown, html)
        flag_modified(comment, "updated_at")
    return True
