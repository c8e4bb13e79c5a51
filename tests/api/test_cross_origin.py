"""What browsers let scripts of other origins do."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.api.route_table import RouteTable
from app.main import create_app
from tests.conftest import settings_for
from tests.support.problems import problem_in
from tests.support.users import client_of

# Before any SQL.
pytestmark = pytest.mark.one_database

HERE = "sqlite+aiosqlite:///:memory:"
ORIGIN = "https://blog.example.com"
SENT = [
    "authorization",
    "content-type",
    "if-none-match",
    "if-match",
    "idempotency-key",
    "traceparent",
    "tracestate",
    "sentry-trace",
    "baggage",
    "x-request-id",
    "accept, accept-language",
    "Authorization,Content-Type,IF-MATCH",
    "traceparent, baggage,sentry-trace",
]
READ = ["ETag", "Location", "Link", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID", "WWW-Authenticate"]


def asking(origin: str = ORIGIN, method: str = "PATCH", headers: str | None = None) -> dict[str, str]:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return asked if headers is None else {**asked, "Access-Control-Request-Headers": headers}


def is_dressed(response: httpx.Response) -> bool:
    """Whether it has what every response has."""
    every = ("X-Request-ID", "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy")
    return all(name in response.headers for name in every)


async def test_every_method_of_every_route_may_be_asked_for(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    table: RouteTable = app.state.route_table

    for route in table.routes:
        path = "http://blog.example.com" + re.sub("{[^}]+}", "1", route.template)
        for method in route.methods:
            allowed = await anonymous.options(path, headers=asking(method=method, headers=", ".join(SENT)))

            assert allowed.status_code == 200, (method, path, allowed.text)
            assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert method in allowed.headers["Access-Control-Allow-Methods"]
            assert is_dressed(allowed)


@pytest.mark.parametrize("headers", SENT)
async def test_what_scripts_send_is_allowed(anonymous: httpx.AsyncClient, headers: str) -> None:
    allowed = await anonymous.options("/articles/1", headers=asking(headers=headers))

    names = {name.lower() for name in allowed.headers["Access-Control-Allow-Headers"].split(", ")}
    assert {name.strip().lower() for name in headers.split(",")} <= names


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        (asking("https://evil.example.com"), "origin"),
        (asking("http://blog.example.com"), "origin"),
        (asking("https://blog.example.com.evil.com"), "origin"),
        (asking("null"), "origin"),
        (asking(""), "origin"),
        (asking(headers="x-forwarded-for"), "headers"),
        (asking(headers="content-type, cookie"), "headers"),
        (asking(headers="x" * 10_000), "headers"),
        (asking(method="BREW"), "method"),
        (asking(method="x" * 10_000), "method"),
        (asking("https://evil.example.com", "BREW", "cookie"), "origin, method, headers"),
    ],
    ids=range(11),
)
async def test_refusals_are_problems(anonymous: httpx.AsyncClient, asked: dict[str, str], refused: str) -> None:
    response = await anonymous.options("/articles/1", headers={**asked, "X-Request-ID": "asked-by-a-browser"})

    problem = problem_in(response, 400, "cross_origin_refused")
    assert problem["detail"] == f"Not allowed across origins: {refused}."
    assert problem["instance"] == response.headers["X-Request-ID"] == "asked-by-a-browser"
    assert is_dressed(response)
    assert ("Access-Control-Allow-Origin" in response.headers) == ("origin" not in refused)
    assert len(response.content) < 1_000


@pytest.mark.parametrize("hosts", [["evil.example.com"], ["blog.example.com", "evil.example.com"], [""]])
async def test_unknown_hosts_are_asked_in_vain(tmp_path: Path, hosts: list[str]) -> None:
    settings = settings_for(HERE, tmp_path, allowed_hosts=["blog.example.com"])
    async with client_of(create_app(settings)) as client:
        asked = [*asking().items(), *(("Host", host) for host in hosts)]
        refused = await client.options("/articles/1", headers=asked)

    problem_in(refused, 400, "unknown_host")
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert is_dressed(refused)


@pytest.mark.parametrize("path", ["/tags", "/articles/nothing", "/nowhere", "/users/me"])
@pytest.mark.parametrize("again", [1, 2])
async def test_scripts_may_read_what_responses_say(anonymous: httpx.AsyncClient, path: str, again: int) -> None:
    for _ in range(again):
        response = await anonymous.get(path, headers={"Origin": ORIGIN})

    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert set(READ) <= set(response.headers["Access-Control-Expose-Headers"].split(", "))


async def test_what_is_no_preflight_is_an_ordinary_request(anonymous: httpx.AsyncClient) -> None:
    for headers in ({}, {"Origin": ORIGIN}, {"Access-Control-Request-Method": "GET"}):
        response = await anonymous.options("/articles", headers=headers)

        problem_in(response, 405, "method_not_allowed")
        assert ("Access-Control-Allow-Origin" in response.headers) == ("Origin" in headers)


async def test_any_origin_may_ask_where_all_are_allowed(tmp_path: Path) -> None:
    settings = settings_for(HERE, tmp_path).model_copy(update={"cors_origins": ["*"]})
    async with client_of(create_app(settings)) as client:
        allowed = await client.options("/articles", headers=asking("https://anywhere.example"))

    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "*"
