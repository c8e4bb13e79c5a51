"""R1 and R2 as FastAPI blogs usually serve them: one session per request, entities with eagerly loaded relationships,
and Pydantic models made from them. The blog used to do so; this is kept for comparison.

It leaves out what the blog has around its routes (middleware, actors, limits), so the comparison flatters the ORM.
"""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, selectinload, undefer

from app.content.models import Article, ArticleKind, ArticleStatus, Visibility
from app.content.queries.articles import is_listed
from app.db.cursors import decode_cursor, encode_cursor
from app.db.session import open_database

_LIST = "articles:published:newest"


class _Output(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Author(_Output):
    username: str
    display_name: str
    avatar_url: str | None


class _Ref(_Output):
    slug: str
    name: str


class _Summary(_Output):
    id: int
    version: int
    slug: str
    title: str
    excerpt: str
    status: ArticleStatus
    kind: ArticleKind
    visibility: Visibility
    language: str
    cover_image_url: str | None
    author: _Author
    category: _Ref | None
    tags: list[_Ref]
    word_count: int
    reading_minutes: int
    comment_count: int
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class _Whole(_Summary):
    body_markdown: str
    body_html: str


class _Page(_Output):
    items: list[_Summary]
    next_cursor: str | None


def _articles() -> Select[tuple[Article]]:
    return (
        select(Article)
        .join(Article.author)
        .where(is_listed)
        .options(contains_eager(Article.author), joinedload(Article.category), selectinload(Article.tags))
    )


async def _get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.database.reading() as session:
        yield session


_Session = Annotated[AsyncSession, Depends(_get_session)]
router = APIRouter(prefix="/api/v1/articles")


@router.get("", response_model=_Page)
async def newest(session: _Session, limit: int = 20, cursor: str | None = None) -> Any:
    statement = _articles()
    if cursor is not None:
        after = decode_cursor(cursor, _LIST, (datetime, int))
        statement = statement.where(tuple_(Article.published_at, Article.id) < tuple(after))
    statement = statement.order_by(Article.published_at.desc(), Article.id.desc()).limit(limit + 1)
    items = (await session.scalars(statement)).all()
    if len(items) <= limit:
        return {"items": items, "next_cursor": None}
    last = items[limit - 1]
    return {"items": items[:limit], "next_cursor": encode_cursor(_LIST, (last.published_at or 0, last.id))}


@router.get("/{slug}", response_model=_Whole)
async def article(session: _Session, slug: str) -> Any:
    statement = _articles().options(undefer(Article.body_markdown), undefer(Article.body_html))
    found = await session.scalar(statement.where(Article.slug == slug))
    if found is None:
        raise HTTPException(404)
    return found


def create_app(url: str | None = None) -> FastAPI:
    """The app for the database at the URL, or at `DATABASE_URL`."""
    app = FastAPI()
    app.state.database = open_database(url or os.environ["DATABASE_URL"])
    app.include_router(router)
    return app
