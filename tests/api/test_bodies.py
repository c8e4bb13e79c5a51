"""Bodies that are too large, too slow, compressed or nested without end."""

import gzip
from collections.abc import AsyncIterator

import anyio
import httpx
import pytest
from fastapi import FastAPI

from app.api.middleware import body_limit
from app.api.middleware.body_limit import MAX_BODY_BYTES
from app.content.schemas.articles import MAX_ARTICLE_BYTES
from tests.support.problems import problem_in
from tests.support.users import client_of

# Before any SQL.
pytestmark = pytest.mark.one_database

JSON = {"Content-Type": "application/json"}


async def test_only_articles_may_be_long(author: httpx.AsyncClient) -> None:
    text = "x" * MAX_BODY_BYTES
    written = await author.post("/articles", json={"title": "Long", "body_markdown": text})
    assert written.status_code == 201
    slug = written.json()["slug"]

    assert (await author.patch(f"/articles/{slug}", json={"body_markdown": text})).status_code == 200
    problem_in(await author.patch("/users/me", json={"bio": text}), 413, "content_too_large")
    problem_in(await author.post(f"/articles/{slug}/comments", json={"body_markdown": text}), 413, "content_too_large")
    too_long = await author.post("/articles", content=b'"' + b"x" * MAX_ARTICLE_BYTES + b'"', headers=JSON)
    problem_in(too_long, 413, "content_too_large")


async def test_the_longest_comment_fits_however_it_is_written(
    author: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    written = await author.post("/articles", json={"title": "Discussed", "status": "published"})
    # As some clients write every character beyond ASCII.
    escaped = b'{"body_markdown": "' + b"\\ud83d\\ude00" * 10_000 + b'"}'

    commented = await reader.post(f"/articles/{written.json()['slug']}/comments", content=escaped, headers=JSON)

    assert commented.status_code == 201


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip", "GZIP"])
async def test_compressed_bodies_are_refused_unread(anonymous: httpx.AsyncClient, coding: str) -> None:
    bomb = gzip.compress(b'{"email": "' + b"a" * 10_000_000 + b'"}')

    refused = await anonymous.post("/auth/register", content=bomb, headers={**JSON, "Content-Encoding": coding})

    problem_in(refused, 415, "unsupported_content_encoding")
    assert refused.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
async def test_nesting_without_end_is_refused(anonymous: httpx.AsyncClient, opening: str) -> None:
    body = opening * (100_000 // len(opening))

    problem_in(await anonymous.post("/auth/register", content=body, headers=JSON), 400, "bad_request")


@pytest.mark.parametrize("depth", [400, 900])
async def test_deep_nesting_that_can_be_read_is_wrong_input(anonymous: httpx.AsyncClient, depth: int) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth
    body = f'{{"credential": {nested}}}'

    for path in ("/auth/passkeys/login", "/auth/register"):
        refused = await anonymous.post(path, content=body, headers=JSON)

        assert refused.status_code in {400, 401, 404, 422}, refused.text


async def test_a_form_has_few_fields(anonymous: httpx.AsyncClient) -> None:
    fields = {"username": "anna", "password": "four calm otters"}

    many = await anonymous.post("/auth/login", data={**fields, **{f"f{number}": "" for number in range(30)}})
    long = await anonymous.post("/auth/login", data={**fields, "password": "x" * 20_000})
    file = await anonymous.post("/auth/login", data=fields, files={"f": b"x"})

    for refused in (many, long, file):
        problem_in(refused, 400, "bad_request")


@pytest.mark.parametrize(("silence", "in_all"), [(0.05, 60.0), (10.0, 0.15)])
async def test_a_body_that_trickles_in_is_not_waited_for(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, silence: float, in_all: float
) -> None:
    monkeypatch.setattr(body_limit, "SILENCE_SECONDS", silence)
    monkeypatch.setattr(body_limit, "BODY_SECONDS", in_all)

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await anyio.sleep(0.1)

    async with client_of(app) as client:
        with anyio.fail_after(5):
            refused = await client.post("/auth/register", content=trickle(), headers=JSON)

    problem_in(refused, 408, "request_timeout")
    assert refused.headers["Connection"] == "close"
