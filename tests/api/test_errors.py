"""How errors are answered, whatever they are."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.content.schemas.articles import MAX_ARTICLE_BYTES
from app.content.services.categories import CategoryService
from app.db.session import open_database
from app.main import create_app
from tests.conftest import settings_for
from tests.support.databases import Template
from tests.support.outages import unusable_databases
from tests.support.problems import fields_of, problem_in
from tests.support.users import client_of

SECRET_DETAIL = "the key is under the mat"


@pytest.fixture
def _broken_categories(monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_down(_: CategoryService) -> None:
        raise RuntimeError(SECRET_DETAIL)

    monkeypatch.setattr(CategoryService, "tree", break_down)


@pytest.mark.parametrize("path", ["/nowhere", "/articles/slug/nowhere", "/../../etc/passwd", "//articles"])
@pytest.mark.one_database
async def test_where_there_is_nothing_the_answer_is_404(anonymous: httpx.AsyncClient, path: str) -> None:
    problem_in(await anonymous.get(path), 404, "not_found")


async def test_what_a_path_cannot_do_is_answered_with_what_it_can(anonymous: httpx.AsyncClient) -> None:
    refused = await anonymous.put("/auth/register", json={})

    problem_in(refused, 405, "method_not_allowed")
    assert refused.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/articles", "/tags", "/users"])
@pytest.mark.one_database
async def test_a_path_tells_all_that_it_can_do(anonymous: httpx.AsyncClient, path: str) -> None:
    allowed = (await anonymous.request("TRACE", path)).headers["Allow"].split(", ")

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert ((await anonymous.request(method, path)).status_code == 405) == (method not in allowed), allowed


async def test_a_body_that_is_too_large_is_refused(anonymous: httpx.AsyncClient) -> None:
    body = b'"' + b"x" * MAX_ARTICLE_BYTES + b'"'

    for path in ("/auth/register", "/articles"):
        refused = await anonymous.post(path, content=body, headers={"Content-Type": "application/json"})

        problem_in(refused, 413, "content_too_large")


async def test_a_body_that_turns_out_to_be_too_large_is_refused(anonymous: httpx.AsyncClient) -> None:
    """Its length is not always told beforehand."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b" " * (MAX_ARTICLE_BYTES // 3)

    refused = await anonymous.post("/auth/register", content=body(), headers={"Content-Type": "application/json"})

    assert "Content-Length" not in refused.request.headers
    problem_in(refused, 413, "content_too_large")


async def test_a_form_that_is_too_large_is_refused(anonymous: httpx.AsyncClient) -> None:
    refused = await anonymous.post("/auth/login", data={"username": "anna", "password": "x" * MAX_ARTICLE_BYTES})

    problem_in(refused, 413, "content_too_large")


async def test_wrong_input_is_named_by_where_it_is_and_not_repeated(anonymous: httpx.AsyncClient) -> None:
    body = {"email": "sent by anna", "username": ["sent by anna"], "password": "short", "more": "sent by anna"}

    refused = await anonymous.post("/auth/register", json=body)

    problem = problem_in(refused, 422, "validation_error")
    assert fields_of(problem) == ["email", "username", "password", "more"]
    assert all(error["detail"] for error in problem["errors"])
    assert "sent by anna" not in refused.text
    assert "short" not in refused.text


@pytest.mark.parametrize("body", [{"data": {"email": "anna@example.com"}}, {"json": ["anna@example.com"]}])
@pytest.mark.one_database
async def test_who_sends_no_json_object_is_told_to(anonymous: httpx.AsyncClient, body: dict[str, Any]) -> None:
    response = await anonymous.post("/auth/forgot-password", **body)

    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"field": "body", "detail": "Send a JSON object with the header `Content-Type: application/json`."}
    ]


async def test_wrong_query_parameters_are_named_too(anonymous: httpx.AsyncClient) -> None:
    problem = problem_in(await anonymous.get("/articles?limit=0&sort=worst&x=1"), 422, "validation_error")

    assert fields_of(problem) == ["limit", "sort", "x"]


@pytest.mark.usefixtures("_broken_categories")
async def test_what_nobody_expected_is_logged_but_not_told(
    anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    failed = await anonymous.get("/categories")

    problem = problem_in(failed, 500, "internal_error")
    assert problem["detail"] == "Something went wrong on our side."
    assert SECRET_DETAIL not in failed.text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert SECRET_DETAIL in caplog.text


@pytest.mark.usefixtures("_broken_categories")
async def test_what_nobody_expected_can_be_found_in_the_log_by_its_id(anonymous: httpx.AsyncClient) -> None:
    failed = await anonymous.get("/categories", headers={"X-Request-ID": "trace-me"})

    assert failed.json()["instance"] == "trace-me"
    assert failed.headers["X-Request-ID"] == "trace-me"


@pytest.mark.usefixtures("_broken_categories")
async def test_a_page_of_the_frontend_may_read_even_what_nobody_expected(anonymous: httpx.AsyncClient) -> None:
    failed = await anonymous.get("/categories", headers={"Origin": "https://blog.example.com"})

    assert failed.status_code == 500
    assert failed.headers["Access-Control-Allow-Origin"] == "https://blog.example.com"


@pytest.mark.parametrize("outage", [0, 1])
async def test_without_its_database_the_blog_asks_to_come_back(
    template: Template, tmp_path: Path, caplog: pytest.LogCaptureFixture, outage: int
) -> None:
    url = unusable_databases(template, tmp_path)[outage]
    app: FastAPI = create_app(settings_for(url, tmp_path))
    app.state.database = open_database(url)
    async with client_of(app) as client:
        responses = [
            await client.get("/articles"),
            await client.post("/auth/login", data={"username": "anna", "password": "four calm otters"}),
            await client.post("/auth/forgot-password", json={"email": "anna@example.com"}),
        ]
    await app.state.database.dispose()

    for response in responses:
        problem_in(response, 503, "unavailable")
        assert response.headers["Retry-After"] == "5"
        assert str(tmp_path) not in response.text
    assert "the database is unavailable" in caplog.text


# --- The request's id ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifier", ["a", "7f3c-41.b_Z", "x" * 64])
@pytest.mark.one_database
async def test_an_id_given_by_a_proxy_is_kept(anonymous: httpx.AsyncClient, identifier: str) -> None:
    response = await anonymous.get("/articles/nowhere", headers={"X-Request-ID": identifier})

    assert response.headers["X-Request-ID"] == identifier
    assert response.json()["instance"] == identifier


@pytest.mark.parametrize("identifier", [b"", b"x" * 65, b"a b", b"a\tb", b"<script>", b"\xff", b"a;b", "é".encode()])
@pytest.mark.one_database
async def test_an_id_that_could_do_harm_in_a_log_is_replaced(anonymous: httpx.AsyncClient, identifier: bytes) -> None:
    response = await anonymous.get("/articles/nowhere", headers=[(b"X-Request-ID", identifier)])

    given = response.headers["X-Request-ID"]
    assert given.isalnum()
    assert len(given) == 32
    assert response.json()["instance"] == given


async def test_every_answer_has_an_id_of_its_own(anonymous: httpx.AsyncClient) -> None:
    responses = [await anonymous.get(path) for path in ("/articles", "/articles", "/nowhere")]

    assert len({response.headers["X-Request-ID"] for response in responses}) == 3


# --- Pages of other origins ------------------------------------------------------------------------------------


async def test_a_page_of_the_frontend_may_send_what_the_blog_understands(anonymous: httpx.AsyncClient) -> None:
    asked = {
        "Origin": "https://blog.example.com",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,x-request-id",
    }

    allowed = await anonymous.options("/users/me", headers=asked)

    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://blog.example.com"
    assert "PATCH" in allowed.headers["Access-Control-Allow-Methods"]
    # Tokens are sent by the page itself; the browser has nothing of its own to add.
    assert "Access-Control-Allow-Credentials" not in allowed.headers


async def test_a_page_of_the_frontend_may_read_links_and_ids(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.get("/articles", headers={"Origin": "https://blog.example.com"})

    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert exposed[:5] == ["Content-Disposition", "ETag", "Idempotency-Replayed", "Link", "Location"]
    assert exposed[5:] == ["RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate", "X-Request-ID"]


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://blog.example.com", "null"])
@pytest.mark.one_database
async def test_a_page_from_elsewhere_may_not_read_anything(anonymous: httpx.AsyncClient, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}

    assert (await anonymous.options("/articles", headers=asked)).status_code == 400
    for response in (
        await anonymous.options("/articles", headers=asked),
        await anonymous.get("/articles", headers=asked),
    ):
        assert "Access-Control-Allow-Origin" not in response.headers
