"""Which names the server answers to."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from app.main import create_app
from tests.conftest import settings_for
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
    "host", ["blog.example.com", "BLOG.example.com:8000", "a.example.org", "a.b.example.org:1", "[::1]", "[::1]:8000"]
)
async def test_its_own_names_are_answered(client: httpx.AsyncClient, host: str) -> None:
    problem_in(await client.get("/nowhere", headers={"Host": host}), 404, "not_found")


@pytest.mark.parametrize(
    "host",
    ["evil.example.com", "blog.example.com.evil.com", "example.org", "evilexample.org", "127.0.0.1", "", "a@b", "x:y"],
)
async def test_others_are_not(client: httpx.AsyncClient, host: str) -> None:
    refused = await client.get("/nowhere", headers={"Host": host})

    problem_in(refused, 400, "unknown_host")
    assert refused.headers["X-Content-Type-Options"] == "nosniff"


async def test_two_names_are_one_too_many(client: httpx.AsyncClient) -> None:
    hosts = [("Host", "blog.example.com"), ("Host", "evil.example.com")]

    problem_in(await client.get("/nowhere", headers=hosts), 400, "unknown_host")


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
