"""Which names the server answers to."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from app.main import create_app
from tests.conftest import AlwaysCurrent, settings_for
from tests.support.problems import problem_in
from tests.support.users import client_of

# Before any SQL.
pytestmark = pytest.mark.one_database

HERE = "sqlite+aiosqlite:///:memory:"
NAMES = ["blog.example.com", "*.example.org", "[::1]"]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(settings_for(HERE, tmp_path, allowed_hosts=NAMES))) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    ["blog.example.com", "BLOG.example.com:8000", "a.example.org", "a.b.example.org:1", "[::1]", "[::1]:8000"],
)
async def test_its_own_names_are_answered(client: httpx.AsyncClient, host: str) -> None:
    problem_in(await client.get("/nowhere", headers={"Host": host}), 404, "not_found")


@pytest.mark.parametrize("host", ["blog.example.com.", "Blog.Example.Com.:443", "a.example.org."])
async def test_a_name_may_end_in_the_root(client: httpx.AsyncClient, host: str) -> None:
    problem_in(await client.get("/nowhere", headers={"Host": host}), 404, "not_found")


@pytest.mark.parametrize(
    "host",
    ["blog.example.com,evil.example.com", "evil.example.com, blog.example.com", "blog.example.com:80:80", "[::2]"],
)
async def test_several_names_in_one_header_are_none(client: httpx.AsyncClient, host: str) -> None:
    problem_in(await client.get("/nowhere", headers={"Host": host}), 400, "unknown_host")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "blog.example.com.evil.com",
        "example.org",
        "evilexample.org",
        "127.0.0.1",
        "",
        "a@b",
        "x:y",
        "[::2]",
    ],
)
async def test_others_are_not(client: httpx.AsyncClient, host: str) -> None:
    refused = await client.get("/nowhere", headers={"Host": host})

    problem_in(refused, 400, "unknown_host")
    assert refused.headers["X-Content-Type-Options"] == "nosniff"


TWICE = [
    [("Host", "blog.example.com"), ("Host", "evil.example.com")],
    [("Host", "evil.example.com"), ("Host", "blog.example.com")],
    [("Host", "blog.example.com"), ("Host", "blog.example.com")],
    [("Host", ""), ("Host", "blog.example.com")],
]


@pytest.mark.parametrize("hosts", TWICE)
@pytest.mark.parametrize("path", ["/nowhere", "/tags", "http://blog.example.com/health/live"])
@pytest.mark.parametrize("names", [NAMES, []])
async def test_two_names_are_one_too_many(
    app: FastAPI, hosts: list[tuple[str, str]], path: str, names: list[str]
) -> None:
    """Whatever is allowed, and whatever the cache has."""
    again = create_app(settings_for(HERE, app.state.settings.var_dir, allowed_hosts=names))
    again.state.database = app.state.database
    again.state.response_cache.follow(app.state.database.invalidations, AlwaysCurrent())
    async with client_of(again) as client:
        await client.get("/tags", headers={"Host": "blog.example.com"})

        problem_in(await client.get(path, headers=hosts), 400, "unknown_host")


async def answer_without_host(app: FastAPI, http_version: str, path: str) -> int:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
    }
    scope |= {"headers": [], "http_version": http_version, "client": None, "scheme": "http", "root_path": ""}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app.state.response_cache(scope, receive, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize(
    ("names", "http_version", "path", "status"),
    [
        (NAMES, "1.1", "/nowhere", 400),
        (NAMES, "1.0", "/nowhere", 400),
        ([], "1.1", "/nowhere", 400),
        ([], "1.0", "/nowhere", 404),
        (NAMES, "1.1", "/health/live", 400),
        (NAMES, "1.0", "/health/live", 200),
    ],
)
async def test_a_name_may_be_missing_only_where_any_will_do_and_there_was_no_such_header_yet(
    tmp_path: Path, names: list[str], http_version: str, path: str, status: int
) -> None:
    app = create_app(settings_for(HERE, tmp_path, allowed_hosts=names))

    assert await answer_without_host(app, http_version, path) == status


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded"])
async def test_what_proxies_say_of_the_name_is_not_heard(client: httpx.AsyncClient, name: str) -> None:
    for good, evil in (("blog.example.com", "evil.example.com"), ("evil.example.com", "blog.example.com")):
        answer = await client.get("/nowhere", headers={"Host": good, name: f"host={evil}"})

        assert answer.status_code == (404 if good == "blog.example.com" else 400)


async def test_whoever_looks_after_the_server_asks_by_its_address(client: httpx.AsyncClient) -> None:
    live = await client.get("http://blog.example.com/health/live", headers={"Host": "10.0.0.7:8000"})

    assert live.status_code == 200


async def test_without_a_list_every_name_is_answered(tmp_path: Path) -> None:
    async with client_of(create_app(settings_for(HERE, tmp_path))) as client:
        problem_in(await client.get("/nowhere", headers={"Host": "anything.example"}), 404, "not_found")


@pytest.mark.parametrize("name", ["*", "https://blog.example.com", "blog.example.com:8000", "a.*.com", "*example.com"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationError, match="host names"):
        settings_for(HERE, tmp_path, allowed_hosts=[name])
