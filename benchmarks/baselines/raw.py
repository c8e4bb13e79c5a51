"""R1 and R2 with nothing but the driver, hand-written SQL, and the standard library's JSON.

asyncpg with a pool on PostgreSQL; on SQLite the synchronous driver on the event loop, which is the fastest way to query
SQLite (and makes everyone wait for a slow query). It returns the same responses as the blog.
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
from sqlalchemy.engine import make_url

_POOL = 10
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SUMMARY = """
    SELECT a.id, a.slug, a.title, coalesce(a.given_excerpt, a.derived_excerpt) AS excerpt, a.status, a.language,
        a.cover_image_url, u.username, u.display_name, u.avatar_url, c.slug AS category_slug, c.name AS category_name,
        a.word_count, a.reading_minutes, a.comment_count, a.published_at, a.created_at, a.updated_at
"""
_FROM = """
    FROM articles a JOIN users u ON u.id = a.author_id LEFT JOIN categories c ON c.id = a.category_id
    WHERE a.status = 'published' AND a.deleted_at IS NULL
"""
_NEWEST = "ORDER BY a.published_at DESC, a.id DESC LIMIT"
_TAGS = "SELECT x.article_id, t.slug, t.name FROM article_tags x JOIN tags t ON t.id = x.tag_id WHERE x.article_id"

Row = Mapping[str, Any]


class Source(Protocol):
    """Queries one of the databases, once it is open."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def newest(self, limit: int, after: tuple[datetime, int] | None) -> Sequence[Row]: ...

    async def article(self, slug: str) -> Row | None: ...

    async def tags(self, ids: Sequence[int]) -> Sequence[Row]: ...


class Postgresql:
    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._pool: Any = None

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(self._url, min_size=_POOL, max_size=_POOL)

    async def close(self) -> None:
        await self._pool.close()

    async def _fetch(self, statement: str, *values: Any) -> Sequence[Row]:
        async with self._pool.acquire() as connection:
            rows: Sequence[Row] = await connection.fetch(statement, *values)
            return rows

    async def newest(self, limit: int, after: tuple[datetime, int] | None) -> Sequence[Row]:
        if after is None:
            return await self._fetch(f"{_SUMMARY}{_FROM}{_NEWEST} $1", limit + 1)
        statement = f"{_SUMMARY}{_FROM} AND (a.published_at, a.id) < ($1, $2) {_NEWEST} $3"
        return await self._fetch(statement, *after, limit + 1)

    async def article(self, slug: str) -> Row | None:
        statement = f"{_SUMMARY}, a.body_markdown, a.body_html{_FROM} AND a.slug = $1"
        rows = await self._fetch(statement, slug)
        return rows[0] if rows else None

    async def tags(self, ids: Sequence[int]) -> Sequence[Row]:
        return await self._fetch(f"{_TAGS} = ANY($1) ORDER BY t.slug", ids)


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
            return self._fetch(f"{_SUMMARY}{_FROM}{_NEWEST} ?", limit + 1)
        statement = f"{_SUMMARY}{_FROM} AND (a.published_at, a.id) < (?, ?) {_NEWEST} ?"
        return self._fetch(statement, f"{after[0]:%Y-%m-%d %H:%M:%S.%f}", after[1], limit + 1)

    async def article(self, slug: str) -> Row | None:
        rows = self._fetch(f"{_SUMMARY}, a.body_markdown, a.body_html{_FROM} AND a.slug = ?", slug)
        return rows[0] if rows else None

    async def tags(self, ids: Sequence[int]) -> Sequence[Row]:
        return self._fetch(f"{_TAGS} IN ({', '.join('?' * len(ids))}) ORDER BY t.slug", *ids)


def _moment(value: Any) -> str:
    """A time as the API writes it; SQLite stores it as text in UTC."""
    if isinstance(value, str):
        return value.replace(" ", "T").removesuffix(".000000") + "Z"
    text: str = value.isoformat()
    return text.removesuffix("+00:00") + "Z"


def _shown(row: Row, tags: Sequence[Row]) -> dict[str, Any]:
    category = row["category_slug"]
    return {
        "id": row["id"],
        "slug": row["slug"],
        "title": row["title"],
        "excerpt": row["excerpt"],
        "status": row["status"],
        "language": row["language"],
        "cover_image_url": row["cover_image_url"],
        "author": {
            "username": row["username"],
            "display_name": row["display_name"],
            "avatar_url": row["avatar_url"],
        },
        "category": {"slug": category, "name": row["category_name"]} if category else None,
        "tags": [{"slug": tag["slug"], "name": tag["name"]} for tag in tags],
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
    tags: dict[int, list[Row]] = {row["id"]: [] for row in shown}
    for tag in await source.tags(list(tags)):
        tags[tag["article_id"]].append(tag)
    following = None
    if len(rows) > limit:
        moment = _moment(shown[-1]["published_at"]).removesuffix("Z") + "+00:00"
        last = json.dumps([name, moment, shown[-1]["id"]])
        following = base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")
    return {"items": [_shown(row, tags[row["id"]]) for row in shown], "next_cursor": following}


async def _article(source: Source, slug: str) -> dict[str, Any] | None:
    row = await source.article(slug)
    if row is None:
        return None
    bodies = {"body_markdown": row["body_markdown"], "body_html": row["body_html"]}
    return {**_shown(row, await source.tags([row["id"]])), **bodies}


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
        body = _ENCODE(response).encode()
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
