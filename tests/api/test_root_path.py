"""The blog below a path of a site, whether or not its proxy takes that path off."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from app.api.middleware.root_path import RootPath
from app.core.roles import Role
from app.main import create_app
from tests.conftest import AlwaysCurrent, settings_for
from tests.support.problems import problem_in
from tests.support.users import Users, client_of

HERE = "sqlite+aiosqlite:///:memory:"
ORIGIN = "https://blog.example.com"


@pytest.fixture
async def below(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The same blog, below a path."""
    settings = app.state.settings.model_copy(update={"root_path": "/blog", "auth_cookie": "strict", "docs": "on"})
    same = create_app(settings)
    same.state.database = app.state.database
    same.state.response_cache.follow(app.state.database.invalidations, AlwaysCurrent())
    yield same
    await same.state.process.limiter.aclose()


@pytest.fixture(params=["", "/blog"], ids=["taken off", "left on"])
async def client(below: FastAPI, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(below) as client:
        client.base_url = httpx.URL(f"http://blog.example.com{request.param}")
        yield client


async def test_pages_lead_to_the_next_one(users: Users, client: httpx.AsyncClient) -> None:
    author = await users.client(Role.AUTHOR)
    for number in range(3):
        await author.post("/articles", json={"title": f"Number {number}", "status": "published"})

    for _ in ("made", "from the cache"):
        page = await client.get("/api/v1/articles?limit=2")

        assert page.links["next"]["url"].startswith("/blog/api/v1/articles?limit=2&cursor=")
    rest = await client.get(f"http://blog.example.com{page.links['next']['url']}")
    assert len(rest.json()["items"]) == 1
    assert "next" not in rest.links


async def test_former_slugs_lead_to_below(users: Users, client: httpx.AsyncClient) -> None:
    author = await users.client(Role.AUTHOR)
    await author.post("/articles", json={"title": "Old", "status": "published"})
    await author.patch("/articles/old", json={"slug": "new"})

    for method in ("GET", "HEAD"):
        response = await client.request(method, "/api/v1/articles/old/comments?limit=1")
        assert response.headers["Location"] == "/blog/api/v1/articles/new/comments?limit=1"


@pytest.mark.one_database
async def test_the_documentation_knows_where_it_is(client: httpx.AsyncClient) -> None:
    for page in ("/docs", "/redoc"):
        assert "/blog/openapi.json" in (await client.get(page)).text
    assert "/blog/docs/oauth2-redirect" in (await client.get("/docs")).text
    document: dict[str, Any] = (await client.get("/openapi.json")).json()

    assert document["servers"] == [{"url": "/blog"}]
    assert all(path.startswith(("/api/v1/", "/health/")) for path in document["paths"])
    flow = document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]
    assert flow["tokenUrl"] == "/blog/api/v1/auth/login"


async def test_the_cookie_comes_back(users: Users, client: httpx.AsyncClient) -> None:
    hashed = await client._transport.app.app.state.process.passwords.hash("four calm otters")  # type: ignore[attr-defined]
    await users.user(username="anna", hashed_password=hashed)
    form = {"username": "anna", "password": "four calm otters", "use_cookie": "true"}

    logged_in = await client.post("/api/v1/auth/login", data=form, headers={"Origin": ORIGIN})

    assert "; Path=/blog/api/v1/auth;" in logged_in.headers["Set-Cookie"]


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/nowhere", "/", "", "/api", "/api/v1", "/blog/api/v1/tags", "//api/v1/tags"])
async def test_where_there_is_nothing_there_is_nothing_below_either(client: httpx.AsyncClient, path: str) -> None:
    problem_in(
        await client.get(f"{client.base_url}".rstrip("/") + path.replace("/blog", "/blog/blog")), 404, "not_found"
    )


@pytest.mark.one_database
async def test_what_a_path_can_do_is_told_below_too(client: httpx.AsyncClient) -> None:
    assert (await client.put("/api/v1/auth/register")).headers["Allow"] == "POST"
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    assert (await client.options("/api/v1/articles", headers=asked)).status_code == 200
    assert (await client.get("/health/live")).status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("root_path", "path", "found"),
    [
        ("", "/blog/api/v1/tags", "/blog/api/v1/tags"),
        ("/blog", "/blog/api/v1/tags", "/api/v1/tags"),
        ("/blog", "/api/v1/tags", "/api/v1/tags"),
        ("/blog", "/blogs/api/v1/tags", "/blogs/api/v1/tags"),
        ("/blog", "/blog", "/blog"),
        ("/blog", "/blog/", "/blog/"),
        ("/blog", "/blog/blog/api/v1/tags", "/blog/blog/api/v1/tags"),
        ("/a/b", "/a/b/docs", "/docs"),
        ("/a/b", "/b/docs", "/b/docs"),
        ("/api", "/api/v1/tags", "/api/v1/tags"),
        ("/api", "/api/api/v1/tags", "/api/v1/tags"),
        ("/api/v1", "/api/v1/tags", "/api/v1/tags"),
        ("/api/v1", "/api/v1/api/v1/tags", "/api/v1/tags"),
        ("/health", "/health/live", "/health/live"),
        ("/health", "/health/health/live", "/health/live"),
    ],
)
async def test_it_is_taken_off_once_and_only_if_it_is_there(
    app: FastAPI, root_path: str, path: str, found: str
) -> None:
    scope = {"type": "http", "path": path, "raw_path": path.encode()}

    without = RootPath(root_path, app.state.route_table).without(scope)

    assert (without["path"], without["raw_path"]) == (found, found.encode())


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("root_path", "raw_path", "found"),
    [
        ("/blog", b"/%62log/api/v1/tags", b"/api/v1/tags"),
        ("/blog", b"/%62%6C%6f%67/api/v1/tags", b"/api/v1/tags"),
        ("/blog", b"/blog/api/v1/tags/caf%C3%A9%2F", b"/api/v1/tags/caf%C3%A9%2F"),
        ("/blog", b"/%62log/api/%76%31/tags", b"/api/%76%31/tags"),
        ("/blog", b"/api/v1/tags/%62log", b"/api/v1/tags/%62log"),
        ("/blog", b"/%62logs/api/v1/tags", b"/%62logs/api/v1/tags"),
        ("/blog", b"/%2562log/api/v1/tags", b"/%2562log/api/v1/tags"),
        ("/blog", b"%2Fblog/api/v1/tags", b"/api/v1/tags"),
        ("/a/b", b"/a%2fb/docs", b"/docs"),
        ("/a/b-c_d.e~1", b"/a/b%2Dc_d.e%7e1/docs", b"/docs"),
        ("", b"/%62log/api/v1/tags", b"/%62log/api/v1/tags"),
    ],
)
async def test_it_may_be_encoded_and_the_rest_stays_as_it_was(
    app: FastAPI, root_path: str, raw_path: bytes, found: bytes
) -> None:
    scope = {"type": "http", "path": unquote(raw_path.decode()), "raw_path": raw_path}

    without = RootPath(root_path, app.state.route_table).without(scope)

    assert (without["path"], without["raw_path"]) == (unquote(found.decode()), found)


@pytest.mark.one_database
async def test_servers_that_tell_no_raw_path_are_served_too(app: FastAPI) -> None:
    without = RootPath("/blog", app.state.route_table).without({"type": "http", "path": "/blog/docs"})

    assert (without["path"], without["raw_path"]) == ("/docs", b"")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("given", "meant"),
    [("", ""), ("/", ""), ("/blog", "/blog"), ("blog", "/blog"), ("/blog/", "/blog"), ("/a/b-c_d.e~1", "/a/b-c_d.e~1")],
)
def test_a_path_is_written_in_one_way(tmp_path: Any, given: str, meant: str) -> None:
    assert settings_for(HERE, tmp_path, root_path=given).root_path == meant


@pytest.mark.one_database
@pytest.mark.parametrize(
    "given",
    [
        "https://example.com/blog",
        "/blog?x",
        "/a//b",
        "/..",
        "/a/../b",
        "/.",
        "/bl og",
        "/<b>",
        "/ü",
        "/a%2fb",
        "/a\nb",
        "*",
    ],
)
def test_what_is_no_path_is_refused(tmp_path: Any, given: str) -> None:
    with pytest.raises(ValidationError, match="such as /blog"):
        settings_for(HERE, tmp_path, root_path=given)
