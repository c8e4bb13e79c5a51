"""Redirects as CSV: all of them out, many of them in."""

import csv
import io
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditEvent
from app.content.models import Redirect, RedirectMatch
from tests.content.test_redirects import redirect
from tests.support.problems import fields_of, problem_in
from tests.support.writing import publish, walk

CSV = {"Content-Type": "text/csv"}


async def load(editor: httpx.AsyncClient, text: str | bytes, **params: str) -> httpx.Response:
    return await editor.post("/redirects.csv", content=text, headers=CSV, params=params)


async def loaded(editor: httpx.AsyncClient, text: str | bytes, **params: str) -> tuple[int, int, int]:
    response = await load(editor, text, **params)
    assert response.status_code == 200, response.text
    done = response.json()
    return done["created"], done["changed"], done["unchanged"]


async def stored(editor: httpx.AsyncClient) -> list[tuple[Any, ...]]:
    items = await walk(editor, "/redirects")
    return [tuple(item[name] for name in ("source", "match", "target", "status", "note")) for item in items]


async def test_what_is_exported_can_be_imported_and_changes_nothing(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, session: AsyncSession
) -> None:
    article = await publish(author, "One")
    session.add(Redirect(source="/followed", match=RedirectMatch.EXACT, article_id=article["id"], status=301))
    await session.commit()
    await redirect(editor, "/a", "/b,c", note='=HYPERLINK("https://evil.com")')
    await redirect(editor, "/p", "https://example.com/ü", match="prefix", status=302, note="'=1")
    await redirect(editor, "/gone", None, status=410, note='"quoted", and @more')
    before = await stored(editor)

    response = await editor.get("/redirects.csv")

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["source"] for row in rows] == ["/a", "/followed", "/gone", "/p"]
    assert [row["note"] for row in rows] == ['\'=HYPERLINK("https://evil.com")', "", '"quoted", and @more', "''=1"]
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    assert await loaded(editor, response.content) == (0, 0, 4)
    assert await stored(editor) == before
    for item in await walk(editor, "/redirects"):
        assert (await editor.delete(f"/redirects/{item['id']}")).status_code == 204
    assert await loaded(editor, response.content) == (4, 0, 0)
    assert await stored(editor) == before


async def test_lines_replace_what_leads_from_the_same_path_and_others_stay(editor: httpx.AsyncClient) -> None:
    await redirect(editor, "/a", "/old")
    await redirect(editor, "/same", "/x", note="n")
    await redirect(editor, "/other", "/x")
    text = (
        "\ufeffTarget,Source,status,match,note\r\n/new,/a/,301,,\r\n/x,/same,,,n\r\n\r\n,/gone,410,prefix,\r\n"
        '/näher,/c,,exact,"two\nlines"\r\n'
    ).encode()

    refused = problem_in(await load(editor, text), 422, "validation_error")
    assert fields_of(refused) == ["line 6.note"]
    text = text.replace(b"two\nlines", b"one line")
    assert await loaded(editor, text, dry_run="true") == (2, 1, 1)
    assert len(await stored(editor)) == 3
    assert await loaded(editor, text) == (2, 1, 1)
    assert await loaded(editor, text) == (0, 0, 4)
    assert await stored(editor) == [
        ("/a", "exact", "/new", 301, None),
        ("/c", "exact", "/n%C3%A4her", 308, "one line"),
        ("/gone", "prefix", None, 410, None),
        ("/other", "exact", "/x", 308, None),
        ("/same", "exact", "/x", 308, "n"),
    ]


async def test_every_bad_line_is_named_and_nothing_is_stored(editor: httpx.AsyncClient) -> None:
    lines = [
        "source,target,status,match",
        "/good,/x,301,",
        "bad,/x,,",
        "/a,javascript:alert(1),,",
        "/b,,,",
        "/c,/x,999,",
    ]
    lines += ["/d,/x,301,regex", "/e,/x,301,exact,more", "/f,/x,three,", "/g,/x,410,"]

    problem = problem_in(await load(editor, "\n".join(lines)), 422, "validation_error")

    expected = ["line 3.source", "line 4.target", "line 5", "line 6.status", "line 7.match", "line 8.fields"]
    assert fields_of(problem) == [*expected, "line 9.status", "line 10"]
    assert await stored(editor) == []
    many = "\n".join(["source,target", *(f"bad{number},/x" for number in range(50))])
    assert "first 20 of 50" in problem_in(await load(editor, many), 422, "validation_error")["detail"]


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"\n", b"/a,/b\n", b"target\n/b\n", b"source,source\n/a,/b\n", b"source,target,what\n/a,/b,c\n"),
        *(b"source,target\n/a,/b\xff\n", b'source,target\n/a,"/b\n', b"source,target\n/a,/b\n/a/,/c\n", b"\x00\x00"),
        b"source,target\n/a\x00,/b\n",
    ],
)
async def test_what_is_no_such_file_is_refused(editor: httpx.AsyncClient, text: bytes) -> None:
    problem_in(await load(editor, text), 422, "validation_error")
    assert await stored(editor) == []


async def test_neither_json_nor_too_much_is_taken(editor: httpx.AsyncClient) -> None:
    problem_in(await editor.post("/redirects.csv", json={"line 1": {"source": "/a"}}), 422, "validation_error")
    problem_in(await editor.post("/redirects.csv", json="source\n/a"), 422, "validation_error")
    problem_in(await load(editor, b"source,target\n" + b"#" * 1024 * 1024), 413, "content_too_large")
    problem_in(await load(editor, "source,target\n/a,/b", dry_run="yes"), 422, "validation_error")


async def test_a_circle_in_a_file_or_with_what_is_there_is_refused(editor: httpx.AsyncClient) -> None:
    await redirect(editor, "/c", "/a")

    problem = problem_in(await load(editor, "source,target\n/x,/y\n/a,/b\n/b,/c\n"), 409, "redirect_loop")

    assert problem["detail"].endswith(": /a → /b → /c → /a.")
    assert len(await stored(editor)) == 1
    problem_in(await load(editor, "source,target\n/c,/c\n", dry_run="true"), 409, "redirect_loop")
    # What is replaced counts no more.
    assert await loaded(editor, "source,target\n/c,/d\n/a,/b\n/b,/c\n") == (2, 1, 0)


async def test_ten_thousand_lines_are_one_import(editor: httpx.AsyncClient, session: AsyncSession) -> None:
    lines = "\n".join(f"/{number},/new/{number}" for number in range(10_000))

    assert await loaded(editor, f"source,target\n{lines}") == (10_000, 0, 0)

    events = (await session.scalars(select(AuditEvent))).all()
    assert [(event.action, event.details["created"]) for event in events] == [("redirect.imported", 10_000)]


async def test_only_editors_import(author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    problem_in(await load(author, "source,target\n/a,/b"), 403, "forbidden")
    problem_in(await load(anonymous, "nonsense"), 401, "not_authenticated")
