"""One's own account."""

import json
import logging

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.models import User
from app.core.roles import Role
from tests.support.malformed import NEVER_VALID, json_with
from tests.support.permalinks import leads
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users

OLD, NEW = "four calm otters", "nine loud herons"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def anna(app: FastAPI, users: Users) -> User:
    return await users.user(username="anna", hashed_password=await app.state.process.passwords.hash(OLD))


@pytest.fixture
async def client(users: Users, anna: User) -> httpx.AsyncClient:
    return await users.client_for(anna)


async def change_password(client: httpx.AsyncClient, new: str, *, current: str = OLD) -> httpx.Response:
    return await client.put("/users/me/password", json={"current_password": current, "new_password": new})


async def log_in(client: httpx.AsyncClient, password: str) -> httpx.Response:
    return await client.post("/auth/login", data={"username": "anna", "password": password})


async def test_people_see_their_own_account_without_its_secrets(client: httpx.AsyncClient) -> None:
    me = (await client.get("/users/me")).json()

    assert (me["username"], me["email"], me["role"]) == ("anna", "anna@example.com", "reader")
    assert not {"password", "hashed_password", "token_version", "deleted_at"} & me.keys()


async def test_people_change_what_others_see_of_them(client: httpx.AsyncClient) -> None:
    profile = {
        "username": "Anna-K",
        "display_name": "  Anna O'Hara ",
        "bio": "Line one\n<b>two</b>",
        "avatar_url": "https://example.com/anna.png",
    }

    changed = await client.patch("/users/me", json=profile)

    assert changed.status_code == 200, changed.text
    shown = (await client.get("/users/me")).json()
    assert changed.json() == shown
    assert {name: shown[name] for name in profile} == {**profile, "username": "anna-k", "display_name": "Anna O'Hara"}


async def test_what_is_not_sent_stays(client: httpx.AsyncClient) -> None:
    await client.patch("/users/me", json={"bio": "Mine", "avatar_url": "https://example.com/anna.png"})

    await client.patch("/users/me", json={})
    shown = (await client.patch("/users/me", json={"avatar_url": None})).json()

    assert (shown["username"], shown["bio"], shown["avatar_url"]) == ("anna", "Mine", None)


async def test_the_username_may_become_none_that_another_has(users: Users, client: httpx.AsyncClient) -> None:
    await users.user(username="bert")

    refused = await client.patch("/users/me", json={"username": "BERT", "bio": "lost"})

    assert fields_of(problem_in(refused, 409, "username_taken")) == ["username"]
    me = (await client.get("/users/me")).json()
    assert (me["username"], me["bio"]) == ("anna", "")


async def test_ones_own_username_in_another_case_is_no_clash(client: httpx.AsyncClient) -> None:
    assert (await client.patch("/users/me", json={"username": "ANNA"})).json()["username"] == "anna"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "another@example.com"),
        ("password", NEW),
        ("role", "admin"),
        ("is_superuser", True),
        ("is_verified", True),
        ("is_active", False),
        ("id", 7),
        ("token_version", 7),
    ],
)
@pytest.mark.one_database
async def test_nobody_changes_what_is_not_theirs_to_choose(
    client: httpx.AsyncClient, field: str, value: object
) -> None:
    before = (await client.get("/users/me")).json()

    refused = await client.patch("/users/me", json={field: value})

    assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]
    assert (await client.get("/users/me")).json() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", None),
        ("display_name", None),
        ("bio", None),
        ("display_name", ""),
        ("display_name", " \t\n"),
        ("display_name", "x" * 101),
        ("bio", "x" * 2001),
        ("avatar_url", ""),
        ("avatar_url", "javascript:alert(1)"),
        ("avatar_url", "https://example.com/\n"),
        ("avatar_url", "https://example.com/" + "x" * 2000),
    ],
)
@pytest.mark.one_database
async def test_a_profile_that_cannot_be_shown_is_refused(client: httpx.AsyncClient, field: str, value: object) -> None:
    refused = await client.patch("/users/me", json={field: value})

    assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]


@pytest.mark.parametrize("value", NEVER_VALID.values(), ids=NEVER_VALID.keys())
@pytest.mark.one_database
async def test_malformed_values_are_refused(client: httpx.AsyncClient, value: str) -> None:
    for field in ("username", "display_name", "bio", "avatar_url"):
        refused = await client.patch("/users/me", content=json_with({field: value}), headers=JSON)

        assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]
    for field in ("current_password", "new_password"):
        fields = {"current_password": json.dumps(OLD), "new_password": json.dumps(NEW), field: value}

        refused = await client.put("/users/me/password", content=json_with(fields), headers=JSON)

        assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]


async def test_a_new_password_replaces_the_old_one_and_ends_every_login(
    users: Users, anna: User, client: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    elsewhere = await users.client_for(anna)

    assert (await change_password(client, NEW)).status_code == 204

    for ended in (client, elsewhere):
        problem_in(await ended.get("/users/me"), 401, "invalid_token")
    assert (await log_in(anonymous, NEW)).status_code == 200
    assert (await log_in(anonymous, OLD)).status_code == 401


@pytest.mark.parametrize("current", ["nine calm otters", OLD.upper(), f"{OLD} ", "x"])
@pytest.mark.one_database
async def test_the_current_password_has_to_be_known(
    client: httpx.AsyncClient, anonymous: httpx.AsyncClient, current: str
) -> None:
    refused = await change_password(client, NEW, current=current)

    assert fields_of(problem_in(refused, 403, "wrong_password")) == ["current_password"]
    assert (await client.get("/users/me")).status_code == 200
    assert (await log_in(anonymous, OLD)).status_code == 200


@pytest.mark.parametrize("new", ["nine char", "x1y" * 86, "password123", "anna@example.com"])
@pytest.mark.one_database
async def test_the_new_password_has_to_be_a_good_one(client: httpx.AsyncClient, new: str) -> None:
    refused = await change_password(client, new)

    assert refused.status_code == 422
    assert [field.rpartition(".")[2] for field in fields_of(refused.json())] == ["new_password"]
    assert (await client.get("/users/me")).status_code == 200


async def test_neither_password_is_repeated_or_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    responses = [
        await change_password(client, "hunter2"),
        await change_password(client, NEW, current="a wrong one"),
        await client.put("/users/me/password", json={"current_password": OLD, "new_password": NEW, "extra": NEW}),
        await change_password(client, NEW),
    ]

    assert [response.status_code for response in responses] == [422, 403, 422, 204]
    for password in (OLD, NEW, "hunter2", "a wrong one"):
        assert password not in caplog.text
        assert not [response.text for response in responses if password in response.text]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/users/me"), ("PATCH", "/users/me"), ("PUT", "/users/me/password")]
)
@pytest.mark.one_database
async def test_an_anonymous_client_has_no_account(anonymous: httpx.AsyncClient, method: str, path: str) -> None:
    problem_in(await anonymous.request(method, path, json={}), 401, "not_authenticated")


async def test_an_author_is_known_by_the_new_username_at_once(users: Users, anonymous: httpx.AsyncClient) -> None:
    author = await users.client(Role.AUTHOR, username="bert")
    await author.post("/articles", json={"title": "Mine", "status": "published"})

    await author.patch("/users/me", json={"username": "berta", "bio": "New"})

    await leads(anonymous, "/authors/bert", "/authors/berta")
    assert (await anonymous.get("/authors/berta")).json()["bio"] == "New"
    assert (await anonymous.get("/articles/mine")).json()["author"]["username"] == "berta"
