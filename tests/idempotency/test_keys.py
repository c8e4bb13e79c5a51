"""What a key may look like, and where one is taken."""

import httpx
import pytest
from fastapi import FastAPI

from app.api.deps import takes_key
from app.api.route_table import RouteTable
from tests.support.problems import fields_of, problem_in

ARTICLE = {"title": "Once"}
# Before any SQL.
refused = pytest.mark.one_database


@pytest.mark.parametrize("key", ["x", "~" * 255, "with spaces, and commas", '"quoted"', r'"with \" and \\"', "a" * 64])
async def test_printable_ascii_is_taken(author: httpx.AsyncClient, key: str) -> None:
    first = await author.post("/articles", json=ARTICLE, headers={"Idempotency-Key": key})
    retry = await author.post("/articles", json=ARTICLE, headers={"Idempotency-Key": key})

    assert first.status_code == 201, first.text
    assert retry.headers["Idempotency-Replayed"] == "true"


async def test_quotation_marks_are_no_part_of_it(author: httpx.AsyncClient) -> None:
    keys = [r'"a \"key\""', 'a "key"', ' "a \\"key\\"" ']
    answers = [await author.post("/articles", json=ARTICLE, headers={"Idempotency-Key": key}) for key in keys]

    assert len({answer.json()["slug"] for answer in answers}) == 1


@refused
@pytest.mark.parametrize(
    "key",
    [
        b"",
        b" ",
        b'""',
        b'"',
        b'"open',
        b'"with parameters";a=1',
        b'"one", "two"',
        b'"wrong \\escape"',
        b"a" * 256,
        b"a" * 10_000,
        b'"' + b"a" * 256 + b'"',
        b"nul\x00byte",
        b"line\x0bbreak",
        b"tab\tinside",
        b"delete\x7f",
        "schlüssel".encode(),
        "schlüssel".encode("latin-1"),
        "\N{SNOWMAN}".encode(),
        b"\xff\xfe",
    ],
)
async def test_anything_else_is_refused(author: httpx.AsyncClient, key: bytes) -> None:
    response = await author.post("/articles", json=ARTICLE, headers={b"Idempotency-Key": key})

    assert fields_of(problem_in(response, 422, "invalid_idempotency_key")) == ["Idempotency-Key"]


@refused
@pytest.mark.parametrize("keys", [("a", "b"), ("a", "a"), ("a", ""), ("", "")])
async def test_one_is_sent_and_no_more(author: httpx.AsyncClient, keys: tuple[str, str]) -> None:
    headers = [("Idempotency-Key", key) for key in keys]

    problem_in(await author.post("/articles", json=ARTICLE, headers=headers), 422, "invalid_idempotency_key")


@refused
async def test_where_it_would_not_be_heeded_it_is_refused(app: FastAPI, author: httpx.AsyncClient) -> None:
    table: RouteTable = app.state.route_table
    refusing = [
        (method, route.template)
        for route in table.routes
        for method in route.methods & {"POST", "PATCH"}
        if not takes_key(route.calls)
    ]
    assert len(refusing) > 20

    for method, template in refusing:
        path = f"http://blog.example.com{template.replace('{', '').replace('}', '')}"
        response = await author.request(method, path, json={}, headers={"Idempotency-Key": "x"})
        problem_in(response, 422, "idempotency_key_not_supported")


@refused
async def test_it_is_said_why(anonymous: httpx.AsyncClient) -> None:
    body = {"username": "anna", "password": "a long enough password"}
    response = await anonymous.post("/auth/login", json=body, headers={"Idempotency-Key": "x"})

    assert "secret" in problem_in(response, 422, "idempotency_key_not_supported")["detail"]


async def test_what_http_itself_lets_repeat_needs_none(author: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "x"}
    slug = (await author.post("/articles", json=ARTICLE)).json()["slug"]

    assert (await author.get(f"/articles/{slug}", headers=headers)).status_code == 200
    assert (await author.put(f"/articles/{slug}/publication", headers=headers)).status_code == 200
    assert (await author.delete(f"/articles/{slug}", headers=headers)).status_code == 204


@refused
async def test_the_document_says_which_routes_take_one(app: FastAPI) -> None:
    taking = {
        operation["operationId"]: parameter
        for path in app.openapi()["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }

    creating = {"create_article", "create_category", "create_comment", "create_redirect"}
    assert taking.keys() == {*creating, "link_provider", "merge_tags"}
    for parameter in taking.values():
        assert parameter["in"] == "header"
        assert not parameter["required"]
        assert parameter["schema"]["type"] == "string"


@refused
async def test_scripts_of_other_origins_may_send_keys_and_see_replays(anonymous: httpx.AsyncClient) -> None:
    asking = {
        "Origin": "https://blog.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "Idempotency-Key",
    }
    assert (await anonymous.options("/articles", headers=asking)).status_code == 200

    shown = await anonymous.get("/articles", headers={"Origin": "https://blog.example.com"})
    assert "Idempotency-Replayed" in shown.headers["Access-Control-Expose-Headers"]
