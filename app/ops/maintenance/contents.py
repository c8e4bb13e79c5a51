"""Columns that are derived from other columns and might no longer match them."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.orm import aliased

from app.comments.models import Comment
from app.content.markup import RenderedArticle, render_article
from app.content.models import Article
from app.ops.maintenance.findings import MAX_SHOWN_ROWS, Finding

# Rendering takes milliseconds each.
_SAMPLE = 100
_BATCH_ROWS = 1000


def inconsistent_comments(connection: Connection) -> Iterator[Finding]:
    """Comments whose position does not follow from their parent."""
    parent = aliased(Comment)
    statement = (
        select(Comment.id, Comment.path, Comment.depth, Comment.article_id)
        .add_columns(parent.id, parent.path, parent.depth, parent.article_id)
        .outerjoin(parent, Comment.parent_id == parent.id)
        .order_by(Comment.id)
    )
    rows = connection.execute(statement.execution_options(yield_per=_BATCH_ROWS)).tuples()
    odd = [str(row[0]) for row in rows if not _is_in_its_place(*row)]
    if odd:
        problem = "the path or depth does not match the parent, or the parent belongs to another article"
        yield Finding(check="threads", table="comments", problem=problem, count=len(odd), rows=odd[:MAX_SHOWN_ROWS])


def _is_in_its_place(
    id_: int,
    path: str,
    depth: int,
    article_id: int,
    parent_id: int | None,
    above: str,
    height: int,
    parents_article: int,
) -> bool:
    comment = Comment(id=id_)
    comment.place_below(None if parent_id is None else Comment(id=parent_id, path=above, depth=height))
    return (comment.path, comment.depth) == (path, depth) and (parent_id is None or parents_article == article_id)


def inconsistent_articles(connection: Connection) -> Iterator[Finding]:
    """In a sample of articles, those whose sort key does not match the title, or that were rendered differently.

    A newer renderer is no fault: the second is a note.
    """
    sample = _sample(connection)
    odd = [row for row in sample if Article(title=row.title).title_key != row.title_key]
    stale = [row for row in sample if render_article(row.body_markdown) != _rendering(row)]
    if odd:
        yield _finding("finding", "title_key does not match the title", odd)
    if stale:
        yield _finding(
            "note",
            "the HTML or excerpt differs from what the Markdown renders to now (`commands.db render` updates it)",
            stale,
        )


def _sample(connection: Connection) -> Sequence[Row[Any]]:
    chosen = select(Article.id).order_by(func.random()).limit(_SAMPLE)
    columns = (
        *(Article.id, Article.title, Article.title_key, Article.body_markdown, Article.body_html),
        *(Article.derived_excerpt, Article.word_count, Article.reading_minutes),
    )
    return connection.execute(select(*columns).where(Article.id.in_(chosen)).order_by(Article.id)).all()


def _rendering(row: Row[Any]) -> RenderedArticle:
    return RenderedArticle(row.body_html, row.derived_excerpt, row.word_count, row.reading_minutes)


def _finding(kind: Literal["finding", "note"], problem: str, rows: Sequence[Row[Any]]) -> Finding:
    ids = [str(row.id) for row in rows[:MAX_SHOWN_ROWS]]
    return Finding(kind=kind, check="articles", table="articles", problem=problem, count=len(rows), rows=ids)
