"""Whatever is sent, little comes back, and little is made of it first."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from app.api.json_bodies import MAX_PARTS
from app.api.middleware.body_limit import MAX_BODY_BYTES
from app.api.middleware.head_limit import MAX_HEADERS, MAX_PARAMETERS
from app.core.schemas.problem import MAX_ERRORS, MAX_NAME_LENGTH
from tests.support.problems import problem_in

# Before any SQL.
pytestmark = pytest.mark.one_database

JSON = {"Content-Type": "application/json"}
# Twenty errors with long names, and what each says.
SMALL = 6000
KEYS = [f"k{number:06}" for number in range(20_000)]


def of_keys(number: int) -> bytes:
    return json.dumps(dict.fromkeys(KEYS[:number], 1)).encode()


@pytest.mark.parametrize(
    "body",
    [
        of_keys(MAX_PARTS),
        of_keys(9_000),
        b"{" + b",".join([b'"a":1'] * 10_000) + b"}",
        b'{"a" :\n' + of_keys(5_000) + b"}",
        b'{"username": [' + b",".join([b"1"] * 60_000) + b"]}",
        b"[" + b",".join([b'{"a":1}'] * 10_000) + b"]",
        b"[" * 60_000 + b"]" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a":"' + b'\\"' * 5_000 + b'",' + of_keys(1_000)[1:],
        b'{"\\\\":1,' + of_keys(1_000)[1:],
        # Never ends, so that nothing could be counted at its end.
        b"[" + b"1," * 60_000,
    ],
    ids=[f"body-{number}" for number in range(11)],
)
async def test_bodies_have_so_many_parts(anonymous: httpx.AsyncClient, body: bytes) -> None:
    assert len(body) <= MAX_BODY_BYTES

    refused = await anonymous.post("/auth/register", content=body, headers=JSON)

    assert problem_in(refused, 400, "bad_request")["detail"].startswith("The request body has more than 1000")
    assert len(refused.content) < 500


async def test_authors_are_no_exception(author: httpx.AsyncClient) -> None:
    problem_in(await author.post("/articles", content=of_keys(200_000), headers=JSON), 400, "bad_request")


async def test_text_is_no_part_of_what_is_counted(author: httpx.AsyncClient) -> None:
    text = '{"a": [1, 2, 3], "b": "\\"}, ' * 3_000

    written = await author.post("/articles", json={"title": "About JSON", "body_markdown": text})

    assert written.status_code == 201, written.text


def errors_of(response: httpx.Response) -> list[dict[str, str]]:
    found: list[dict[str, str]] = problem_in(response, 422, "validation_error")["errors"]
    assert len(found) <= MAX_ERRORS
    assert all(len(error["field"]) <= MAX_NAME_LENGTH for error in found)
    assert len(response.content) < SMALL
    return found


@pytest.mark.parametrize("number", [20, 21, 300])
async def test_the_first_errors_stand_for_all(anonymous: httpx.AsyncClient, number: int) -> None:
    missing = 3
    refused = await anonymous.post("/auth/register", content=of_keys(number - missing), headers=JSON)

    assert len(errors_of(refused)) == min(number, MAX_ERRORS)
    says_how_many = f"20 of {number} errors" in refused.json()["detail"]
    assert says_how_many == (number > MAX_ERRORS)


@pytest.mark.parametrize(
    "body",
    [
        {"n" * 100_000: 1},
        {"<b>" * 30_000: 1},
        {"\u0000" * 10_000: 1},
        {"😀" * 10_000: 1},
        {f"{number}" + "n" * 1_000: 1 for number in range(100)},
        {"username": "u" * 50_000, "email": "e" * 50_000, "password": "p" * 10_000},
        {"username": {"n" * 10_000: 1}, "email": ["e" * 10_000], "password": 10**4000},
        {"email": "ü" * 5_000 + "@" + "é" * 5_000},
        {"email": "a@" + "b." * 5_000},
        {"email": "a b" * 5_000 + "@example.com"},
    ],
    ids=["name", "tags", "zeros", "emoji", "names", "values", "nested", "umlauts", "domain", "spaces"],
)
async def test_names_and_values_come_back_cut(anonymous: httpx.AsyncClient, body: dict[str, Any]) -> None:
    errors_of(await anonymous.post("/auth/register", content=json.dumps(body).encode(), headers=JSON))


@pytest.mark.parametrize(
    "number", ["9" * 100_000, "-" + "9" * 5_000, "1e" + "9" * 50_000, "0." + "1" * 100_000], ids=lambda text: text[:5]
)
async def test_numbers_without_end_are_refused(anonymous: httpx.AsyncClient, number: str) -> None:
    refused = await anonymous.post("/auth/register", content=f'{{"username": {number}}}'.encode(), headers=JSON)

    assert refused.status_code in {400, 422}
    assert len(refused.content) < SMALL


@pytest.mark.parametrize(
    "query",
    [
        urlencode([(key, "1") for key in KEYS[:4_000]]),
        urlencode([("tag", "a")] * 8_000),
        urlencode([("limit", "5")] * 8_000),
        "&" * 20_000,
        "a&" * 10_000,
    ],
    ids=["names", "tags", "limits", "empty", "valueless"],
)
@pytest.mark.parametrize("path", ["/articles", "/tags", "/articles/nothing/comments", "/comments", "/nowhere"])
async def test_queries_have_so_many_parameters(anonymous: httpx.AsyncClient, path: str, query: str) -> None:
    for method in ("GET", "POST"):
        refused = await anonymous.request(method, f"{path}?{query}")

        assert errors_of(refused) == [{"field": "query", "detail": "The query has more than 100 parameters."}]


async def test_as_many_parameters_as_are_allowed_are_named_in_part(anonymous: httpx.AsyncClient) -> None:
    long = urlencode([(f"{key}{'n' * 500}", "1") for key in KEYS[:MAX_PARAMETERS]])

    assert len(errors_of(await anonymous.get(f"/articles?{long}"))) == MAX_ERRORS


async def test_a_request_has_so_many_headers(anonymous: httpx.AsyncClient) -> None:
    for number, status in ((MAX_HEADERS // 2, 404), (MAX_HEADERS + 1, 431)):
        answer = await anonymous.get("/nowhere", headers=[(f"X-{key}", "1") for key in KEYS[:number]])

        assert answer.status_code == status
    problem_in(answer, 431, "request_header_fields_too_large")


@pytest.mark.parametrize("prefix", ["/articles/a", "/", "/users/9"])
async def test_long_paths_do_not_come_back(anonymous: httpx.AsyncClient, prefix: str) -> None:
    refused = await anonymous.get(prefix + "9" * 50_000)

    assert refused.status_code in {401, 404, 422}
    assert len(refused.content) < 1_000
