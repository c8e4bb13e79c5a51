"""Logging in with JSON instead of the form."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from app.core.password_hasher import PasswordHasher
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users

PASSWORD = "four calm otters"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def name(users: Users) -> str:
    hashed = await PasswordHasher().hash(PASSWORD)
    user = await users.user(username="anna", email="anna@example.com", hashed_password=hashed)
    return user.username


@pytest.mark.usefixtures("name")
@pytest.mark.parametrize(
    "sent",
    [
        {"username": "anna"},
        {"username": "anna@example.com"},
        {"email": "anna@example.com"},
        {"email": "anna"},
        {"username": "anna", "email": "somebody@else.example"},
        {"username": "Anna", "grant_type": "password", "scope": "", "client_id": None, "remember_me": True},
        {"username": "anna", "use_cookie": False},
    ],
)
async def test_json_is_as_good_as_the_form(anonymous: httpx.AsyncClient, sent: dict[str, Any]) -> None:
    logged_in = await anonymous.post("/auth/login", json={**sent, "password": PASSWORD})

    assert logged_in.status_code == 200, logged_in.text
    assert logged_in.headers["Cache-Control"] == "no-store"
    assert "RateLimit" in logged_in.headers


@pytest.mark.usefixtures("name")
@pytest.mark.parametrize("sent", [{"username": "anna"}, {"email": "anna@example.com"}])
async def test_the_form_takes_either_name_too(anonymous: httpx.AsyncClient, sent: dict[str, str]) -> None:
    assert (await anonymous.post("/auth/login", data={**sent, "password": PASSWORD})).status_code == 200


@pytest.mark.parametrize(
    ("password", "sent"),
    [
        ("sécret Straße", "sécret Straße"),
        ("sécret Straße", "s%C3%A9cret+Stra%C3%9Fe"),
        ("four calm 수달들", "four calm 수달들"),
        ("100 % & more = fine", "100+%25+%26+more+%3D+fine"),
        ("각" * 240, quote("\u1100\u1161\u11a8" * 240)),
    ],
)
async def test_a_form_is_utf_8_whether_percent_encoded_or_not(
    anonymous: httpx.AsyncClient, users: Users, password: str, sent: str
) -> None:
    await users.user(username="zoe", hashed_password=await PasswordHasher().hash(password))
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    response = await anonymous.post("/auth/login", content=f"username=zoe&password={sent}".encode(), headers=form)

    assert response.status_code == 200, response.text


@pytest.mark.parametrize("sent", [b"&".join([b"a=1"] * 21), b"a=" + b"x" * 20_000])
async def test_a_form_that_cannot_be_read_is_refused(anonymous: httpx.AsyncClient, sent: bytes) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    response = await anonymous.post("/auth/login", content=sent, headers=form)

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, ["username", "password"]),
        ({"username": "anna"}, ["password"]),
        ({"password": PASSWORD}, ["username"]),
        ({"username": None, "password": PASSWORD}, ["username"]),
        ({"username": 1, "password": PASSWORD}, ["username"]),
        ({"username": ["anna"], "password": {"is": PASSWORD}}, ["username", "password"]),
        ({"username": "", "password": ""}, ["username", "password"]),
        ({"username": "anna", "password": PASSWORD, "grant_type": "refresh_token"}, ["grant_type"]),
        ({"username": "a" * 321, "password": "p" * 10_000}, ["username", "password"]),
        ({"username": "anna\x00", "password": PASSWORD}, ["username"]),
        ([], ["body"]),
        ([["username", "anna"]], ["body"]),
        ("anna", ["body"]),
        (True, ["body"]),
    ],
    ids=range(14),
)
@pytest.mark.one_database
async def test_what_is_wrong_is_named(anonymous: httpx.AsyncClient, sent: Any, wrong: list[str]) -> None:
    refused = await anonymous.post("/auth/login", json=sent)

    problem = problem_in(refused, 422, "validation_error")
    assert fields_of(problem) == wrong
    assert PASSWORD not in refused.text


@pytest.mark.parametrize(
    ("content", "content_type", "wrong"),
    [
        (b"", "application/json", ["body"]),
        (b"null", "application/json", ["body"]),
        (b"{", "application/json", ["body"]),
        (b"username=anna&password=x", "application/json", ["body"]),
        (b"{'username': 'anna'}", "application/json", ["body"]),
        (b'{"username": "anna"}', "application/x-www-form-urlencoded", ["username", "password"]),
        (b'{"username": "anna"}', "text/plain", ["username", "password"]),
        (b'{"username": "anna"}', "", ["username", "password"]),
        (b"", "", ["username", "password"]),
    ],
    ids=range(9),
)
@pytest.mark.one_database
async def test_what_is_neither_is_refused(
    anonymous: httpx.AsyncClient, content: bytes, content_type: str, wrong: list[str]
) -> None:
    refused = await anonymous.post("/auth/login", content=content, headers={"Content-Type": content_type})

    assert fields_of(problem_in(refused, 422, "validation_error")) == wrong


@pytest.mark.usefixtures("name")
async def test_guessing_is_limited_however_it_is_sent(anonymous: httpx.AsyncClient) -> None:
    statuses = []
    for number in range(40):
        guess = {"username": "anna", "password": f"guess number {number}"}
        sent = {"json": guess} if number % 2 else {"data": guess}
        statuses.append((await anonymous.post("/auth/login", **sent)).status_code)  # type: ignore[arg-type]

    assert set(statuses) == {401, 429}
    assert statuses == sorted(statuses)


@pytest.mark.one_database
async def test_the_document_says_so(app: FastAPI) -> None:
    content = app.openapi()["paths"]["/api/v1/auth/login"]["post"]["requestBody"]["content"]

    assert list(content) == ["application/x-www-form-urlencoded", "application/json"]
    schema = app.openapi()["components"]["schemas"]["LoginFormAsJson"]
    assert schema["required"] == ["username", "password"]
    assert set(schema["properties"]) == {"username", "password", "grant_type", "use_cookie"}
    assert content["application/json"]["example"]["username"] == "anna@example.com"
