"""What every answer tells browsers, whatever it is."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Send

from app.api.middleware.security_headers import SecurityHeadersMiddleware
from app.main import create_app
from tests.conftest import settings_for
from tests.support.users import client_of

# Before any SQL.
pytestmark = pytest.mark.one_database

HERE = "sqlite+aiosqlite:///:memory:"


def app_with(tmp_path: Path, **settings: object) -> FastAPI:
    return create_app(settings_for(HERE, tmp_path, **settings))


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/tags", 200), ("GET", "/nowhere", 404)])
@pytest.mark.parametrize("twice", [1, 2])
async def test_every_answer_is_guarded(
    anonymous: httpx.AsyncClient, method: str, path: str, status: int, twice: int
) -> None:
    for _ in range(twice):
        response = await anonymous.request(method, path)

    assert response.status_code == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "Server" not in response.headers


async def test_even_what_nobody_expected_is_guarded(
    anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("app.accounts.services.logins.LoginService.log_in", break_down)

    response = await anonymous.post("/auth/login", data={"username": "anna", "password": "four calm otters"})

    assert response.status_code == 500
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_answers_are_not_kept_unless_they_say_so(anonymous: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    for response in (await reader.get("/users/me"), await reader.get("/articles"), await anonymous.get("/nowhere")):
        assert response.headers.get_list("Cache-Control") == ["no-store"]


async def test_an_answer_keeps_the_headers_that_it_has() -> None:
    async def app(_scope: object, _receive: object, send: Send) -> None:
        headers = [(b"Cache-Control", b"public"), (b"content-security-policy", b"sandbox")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    guarded = SecurityHeadersMiddleware(app, insists_on_https=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://blog.example.com") as client:
        response = await client.get("/")

    assert response.headers.get_list("Cache-Control") == ["public"]
    assert response.headers.get_list("Content-Security-Policy") == ["sandbox"]


async def test_browsers_come_back_by_https_to_a_site_in_production(tmp_path: Path) -> None:
    async with client_of(app_with(tmp_path, environment="production")) as client:
        assert (await client.get("/nowhere")).headers["Strict-Transport-Security"] == "max-age=63072000"
    async with client_of(app_with(tmp_path)) as client:
        assert "Strict-Transport-Security" not in (await client.get("/nowhere")).headers


# --- The docs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_docs_may_load_what_they_are_made_of(app: FastAPI, path: str) -> None:
    async with client_of(app) as client:
        page = await client.get(f"http://blog.example.com{path}")
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))

    scripts = re.findall(r'<script[^>]* src="(https://[^/"]+)', page.text)
    styles = re.findall(r'<link[^>]* href="(https://[^/"]+)[^>]* rel="stylesheet"', page.text)
    styles += re.findall(r'<link[^>]* rel="stylesheet"[^>]* href="(https://[^/"]+)', page.text)
    assert len(scripts) == len(styles) == 1
    assert scripts[0] in policy["script-src"].split()
    assert styles[0] in policy["style-src"].split()
    assert "https:" in policy["img-src"].split()
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("method", ["HEAD", "POST"])
async def test_the_policy_is_that_of_the_path_whatever_the_answer(app: FastAPI, method: str) -> None:
    async with client_of(app) as client:
        got = await client.get("http://blog.example.com/docs")
        other = await client.request(method, "http://blog.example.com/docs")

    assert other.headers["Content-Security-Policy"] == got.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 200),
        ({"environment": "production"}, 404),
        ({"environment": "production", "docs": "on"}, 200),
        ({"docs": "off"}, 404),
    ],
)
async def test_the_docs_can_be_switched_off(tmp_path: Path, settings: dict[str, str], status: int) -> None:
    async with client_of(app_with(tmp_path, **settings)) as client:
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert (await client.get(f"http://blog.example.com{path}")).status_code == status
