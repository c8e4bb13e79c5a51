"""R1 and R2 as an expert writes them by hand: nothing but the driver, one statement each, and orjson.

asyncpg on PostgreSQL, with a pool that resets nothing and the blog's own planner settings; on SQLite the synchronous
driver on the event loop, which is the fastest way to query SQLite (and makes everyone wait for a slow query). It
returns the same responses as the blog.
"""

import base64
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qs

import asyncpg
import orjson
from sqlalchemy.engine import make_url

from app.db.read_pool_postgresql import PLANNING

_POOL = 10
_POSTGRESQL_TAGS = """
    (SELECT coalesce(json_agg(json_build_object('slug', t.slug, 'name', t.name) ORDER BY t.slug), '[]')
    FROM article_tags x JOIN tags t ON t.id = x.tag_id WHERE x.article_id = a.id) AS tags
"""
_SQLITE_TAGS = """
    (SELECT json_group_array(json_object('slug', slug, 'name', name)) FROM (SELECT t.slug, t.name
    FROM article_tags x JOIN tags t ON t.id = x.tag_id WHERE x.article_id = a.id ORDER BY t.slug)) AS tags
"""
_SUMMARY = """
    SELECT a.id, a.version, a.slug, a.title,
        coalesce(nullif(a.given_excerpt, ''), a.derived_excerpt) AS excerpt, a.status,
        a.kind, a.visibility, a.language, a.cover_image_url,
        u.username, u.display_name, u.avatar_url, c.slug AS category_slug,
        c.name AS category_name, a.word_count, a.reading_minutes, a.comment_count, a.published_at, a.created_at,
        a.updated_at,
"""
_FROM = """
    FROM articles a JOIN users u ON u.id = a.author_id LEFT JOIN categories c ON c.id = a.category_id
    WHERE a.status = 'published' AND a.deleted_at IS NULL AND a.kind = 'article' AND a.visibility = 'public'
"""
_NEWEST = "ORDER BY a.published_at DESC, a.id DESC LIMIT"

Row = Mapping[str, Any]


class Source(Protocol):
    """Queries one of the databases, once it is open."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def newest(self, limit: int, after: tuple[datetime, int] | None) -> Sequence[Row]: ...

    async def article(self, slug: str) -> Row | None: ...


class Postgresql:
    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._pool: Any = None

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            self._url, min_size=_POOL, max_size=_POOL, reset=_reset_nothing, server_settings=PLANNING
        )

    async def close(self) -> None:
        await self._pool.close()

    async def _fetch(self, statement: str, *values: Any) -> Sequence[Row]:
        async with self._pool.acquire() as connection:
            rows: Sequence[Row] = await connection.fetch(statement, *values)
            return rows

    async def newest(self, limit: int, after: tuple[datetime, int] | None) -> Sequence[Row]:
        if after is None:
            return await self._fetch(f"{_SUMMARY}{_POSTGRESQL_TAGS}{_FROM}{_NEWEST} $1", limit + 1)
        statement = f"{_SUMMARY}{_POSTGRESQL_TAGS}{_FROM} AND (a.published_at, a.id) < ($1, $2) {_NEWEST} $3"
        return await self._fetch(statement, *after, limit + 1)

    async def article(self, slug: str) -> Row | None:
        statement = f"{_SUMMARY}{_POSTGRESQL_TAGS}, a.body_markdown, a.body_html{_FROM} AND a.slug = $1"
        rows = await self._fetch(statement, slug)
        return rows[0] if rows else None


async def _reset_nothing(_connection: asyncpg.Connection) -> None:
    """Nothing but selects runs on these connections."""


class Sqlite:
    def __init__(self, url: str) -> None:
        self._file = f"file:{make_url(url).database}?mode=ro"
        self._connection: Any = None

    async def open(self) -> None:
        self._connection = sqlite3.connect(self._file, uri=True)
        self._connection.row_factory = sqlite3.Row

    async def close(self) -> None:
        self._connection.close()

    def _fetch(self, statement: str, *values: Any) -> Sequence[Row]:
        rows: Sequence[Row] = self._connection.execute(statement, values).fetchall()
        return rows

    async def newest(self, limit: int, after: tuple[datetime, int] | None) -> Sequence[Row]:
        if after is None:
            return self._fetch(f"{_SUMMARY}{_SQLITE_TAGS}{_FROM}{_NEWEST} ?", limit + 1)
        statement = f"{_SUMMARY}{_SQLITE_TAGS}{_FROM} AND (a.published_at, a.id) < (?, ?) {_NEWEST} ?"
        return self._fetch(statement, f"{after[0]:%Y-%m-%d %H:%M:%S.%f}", after[1], limit + 1)

    async def article(self, slug: str) -> Row | None:
        rows = self._fetch(f"{_SUMMARY}{_SQLITE_TAGS}, a.body_markdown, a.body_html{_FROM} AND a.slug = ?", slug)
        return rows[0] if rows else None


def _moment(value: Any) -> Any:
    """A time as the API writes it; SQLite stores it as text in UTC, and orjson writes those of PostgreSQL."""
    return value.replace(" ", "T").removesuffix(".000000") + "Z" if isinstance(value, str) else value


def _shown(row: Row) -> dict[str, Any]:
    category = row["category_slug"]
    return {
        "id": row["id"],
        "version": row["version"],
        "slug": row["slug"],
        "title": row["title"],
        "excerpt": row["excerpt"],
        "status": row["status"],
        "kind": row["kind"],
        "visibility": row["visibility"],
        "language": row["language"],
        "cover_image_url": row["cover_image_url"],
        "author": {
            "username": row["username"],
            "display_name": row["display_name"],
            "avatar_url": row["avatar_url"],
        },
        "category": {"slug": category, "name": row["category_name"]} if category else None,
        # As the database has written it.
        "tags": orjson.Fragment(row["tags"]),
        "word_count": row["word_count"],
        "reading_minutes": row["reading_minutes"],
        "comment_count": row["comment_count"],
        "published_at": _moment(row["published_at"]),
        "created_at": _moment(row["created_at"]),
        "updated_at": _moment(row["updated_at"]),
    }


async def _page(source: Source, query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    limit = int(query["limit"][0])
    name, after = "articles:published:newest", None
    if "cursor" in query:
        cursor = query["cursor"][0]
        name, at, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        after = datetime.fromisoformat(at), number
    rows = await source.newest(limit, after)
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        last = shown[-1]["published_at"]
        moment = last.isoformat() if isinstance(last, datetime) else _moment(last).removesuffix("Z") + "+00:00"
        following = base64.urlsafe_b64encode(json.dumps([name, moment, shown[-1]["id"]]).encode()).decode().rstrip("=")
    return {"items": [_shown(row) for row in shown], "next_cursor": following}


async def _article(source: Source, slug: str) -> dict[str, Any] | None:
    row = await source.article(slug)
    if row is None:
        return None
    return {**_shown(row), "body_markdown": row["body_markdown"], "body_html": row["body_html"]}


def source_at(url: str) -> Source:
    return Sqlite(url) if url.startswith("sqlite") else Postgresql(url)


def create_app(source: Source | None = None) -> Any:
    """The app for an open source, or for the database at `DATABASE_URL`, opened and closed by the server."""
    asked = source or source_at(os.environ["DATABASE_URL"])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live(asked, receive, send)
            return
        slug = scope["path"].removeprefix("/api/v1/articles").removeprefix("/")
        if slug:
            response = await _article(asked, slug)
        else:
            response = await _page(asked, parse_qs(scope["query_string"].decode()))
        body = orjson.dumps(response, option=orjson.OPT_UTC_Z)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200 if response else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _live(source: Source, receive: Any, send: Any) -> None:
    await receive()
    await source.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await source.close()
    await send({"type": "lifespan.shutdown.complete"})
