"""What is refused anyway is refused without reading its body."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.api.deps import get_account
from app.api.route_table import Route, RouteTable
from tests.support.problems import fields_of, problem_in

JSON = {"Content-Type": "application/json"}


async def unread() -> AsyncIterator[bytes]:
    pytest.fail("the body was read")
    yield b""


def with_bodies(app: FastAPI) -> list[Route]:
    table: RouteTable = app.state.route_table
    return [route for route in table.routes if route.dependant.body_params]


async def test_strangers_are_refused_unread(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    asking = [route for route in with_bodies(app) if get_account in route.calls]
    assert len(asking) > 20

    for route in asking:
        path = re.sub("{[^}]+}", "1", route.template)
        for method in route.methods:
            refused = await anonymous.request(method, f"http://blog.example.com{path}", content=unread(), headers=JSON)

            problem_in(refused, 401, "not_authenticated")


@pytest.mark.one_database
async def test_only_who_has_no_account_yet_may_send_something_without(app: FastAPI) -> None:
    others = {route.template for route in with_bodies(app) if get_account not in route.calls}

    assert {template for template in others if not template.startswith("/api/v1/auth/")} == set()


@pytest.mark.parametrize("token", ["nonsense", "clp_nonsense", "e30.e30.x", ""])
async def test_invalid_tokens_are_refused_unread(anonymous: httpx.AsyncClient, token: str) -> None:
    headers = {**JSON, "Authorization": f"Bearer {token}"}

    refused = await anonymous.post("/articles", content=unread(), headers=headers)

    problem_in(refused, 401, "invalid_token")


async def test_who_has_asked_too_often_is_refused_unread(anonymous: httpx.AsyncClient) -> None:
    while (await anonymous.post("/auth/verify", json={"token": "x"})).status_code != 429:
        pass

    problem_in(await anonymous.post("/auth/verify", content=unread(), headers=JSON), 429, "too_many_requests")


async def test_who_changes_too_much_is_refused_unread(reader: httpx.AsyncClient) -> None:
    while (await reader.patch("/users/me", json={})).status_code != 429:
        pass

    problem_in(await reader.patch("/users/me", content=unread(), headers=JSON), 429, "too_many_requests")


async def test_who_may_is_heard(author: httpx.AsyncClient) -> None:
    assert (await author.post("/articles", json={"title": "Heard"})).status_code == 201
    problem_in(await author.post("/articles", json={}), 422, "validation_error")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"null", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"{", "application/json"),
        (b"{'title': 1}", "application/json"),
        (b'{"title": "x"}', "text/plain"),
        (b'{"title": "x"}', "application/x-www-form-urlencoded"),
        (b'{"title": "x"}', ""),
        (b'{"title": "x"}', "nonsense"),
    ],
)
async def test_what_is_no_object_is_named(author: httpx.AsyncClient, body: bytes, content_type: str) -> None:
    refused = await author.post("/articles", content=body, headers={"Content-Type": content_type})

    assert fields_of(problem_in(refused, 422, "validation_error")) == ["body"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/ld+json"]
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
async def test_json_is_read_whatever_it_is_called(author: httpx.AsyncClient, content_type: str, mark: bytes) -> None:
    body = mark + '{"title": "Grüße"}'.encode()

    written = await author.post("/articles", content=body, headers={"Content-Type": content_type})

    assert written.json()["title"] == "Grüße"


async def test_an_optional_body_may_be_missing(author: httpx.AsyncClient) -> None:
    slug = (await author.post("/articles", json={"title": "Soon"})).json()["slug"]

    assert (await author.put(f"/articles/{slug}/publication")).status_code == 200
    assert (await author.put(f"/articles/{slug}/publication", json={})).status_code == 200
    problem_in(
        await author.put(f"/articles/{slug}/publication", content=b"null", headers=JSON), 422, "validation_error"
    )
