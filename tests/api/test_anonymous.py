"""Who is anonymous, and what that means for the response cache and the routes."""

from typing import Any

import httpx
import pytest

from app.api import cookies
from app.api.anonymous import SESSION_COOKIE, is_anonymous
from app.api.middleware.response_cache import SURROGATE_KEYS
from tests.api.test_response_cache import BODY, App, InvalidationListener, cache_of, client_of
from tests.support.users import Users
from tests.support.writing import publish

# Before any SQL, except for what is about routes.
one_database = pytest.mark.one_database

SESSION = f"{SESSION_COOKIE}=of-somebody"
IDENTIFYING: list[list[tuple[str, str]]] = [
    [("Authorization", "Bearer mine")],
    [("Authorization", "")],
    [("Cookie", SESSION)],
    [("Cookie", f"_ga=GA1.1; {SESSION}; theme=dark")],
    [("Cookie", f"__Host-{SESSION}")],
    [("Cookie", f"_ga=GA1.1;\t{SESSION}")],
    # HTTP/2 lets clients split the header.
    [("Cookie", SESSION), ("Cookie", "_ga=GA1.1")],
    [("Cookie", "_ga=GA1.1"), ("Cookie", SESSION)],
]
ANONYMOUS: list[list[tuple[str, str]]] = [
    [],
    [("Cookie", "_ga=GA1.1; theme=dark")],
    [("Cookie", "")],
    [("Cookie", f"{cookies.NAME}=clr_something")],
    [("Cookie", "session=of-some-other-software")],
    [("Cookie", "_ga=GA1.1"), ("Cookie", "theme=dark")],
    [("X-Authorization", "Bearer mine")],
]


def scope_with(headers: list[tuple[str, str]]) -> dict[str, Any]:
    return {"headers": [(name.lower().encode(), value.encode()) for name, value in headers]}


@one_database
def test_whoever_shows_a_token_or_a_page_session_is_somebody() -> None:
    for headers in IDENTIFYING:
        scope = scope_with(headers)
        assert not is_anonymous(scope), headers
        assert not is_anonymous(scope, dict(scope["headers"])), headers


@one_database
def test_everybody_else_is_anonymous() -> None:
    for headers in ANONYMOUS:
        scope = scope_with(headers)
        assert is_anonymous(scope), headers
        assert is_anonymous(scope, dict(scope["headers"])), headers


@one_database
def test_the_name_of_the_session_cookie_is_not_part_of_the_other_ones() -> None:
    assert SESSION_COOKIE not in cookies.NAME


@one_database
@pytest.mark.parametrize("headers", IDENTIFYING)
async def test_what_is_made_for_somebody_is_not_kept(headers: list[tuple[str, str]]) -> None:
    app = App()
    cache = cache_of(app, InvalidationListener())
    async with client_of(cache) as client:
        for _ in range(2):
            response = await client.get("/public/2", headers=headers)

    assert response.content == BODY
    assert "ETag" not in response.headers
    assert len(cache.store) == 0
    assert len(app.asked) == 2
    for scope in app.asked:
        # The app may show what is theirs: it sees who asks, and has no collector for what everybody may get.
        assert {name.decode().title() for name, _ in scope["headers"]} >= {name for name, _ in headers}
        assert SURROGATE_KEYS not in scope


@one_database
@pytest.mark.parametrize("headers", IDENTIFYING)
async def test_somebody_is_not_answered_from_memory(headers: list[tuple[str, str]]) -> None:
    app = App()
    cache = cache_of(app, InvalidationListener())
    async with client_of(cache) as client:
        await client.get("/public/2")
        await client.get("/public/2", headers=headers)
        await client.get("/public/2")

    assert len(app.asked) == 2
    assert cache.store.hits == 1


@one_database
@pytest.mark.parametrize("headers", ANONYMOUS)
async def test_other_cookies_cost_nobody_a_hit_and_decide_nothing(headers: list[tuple[str, str]]) -> None:
    app = App()
    cache = cache_of(app, InvalidationListener())
    async with client_of(cache) as client:
        filling = await client.get("/public/2", headers=headers)
        hitting = await client.get("/public/2", headers=headers)
        plain = await client.get("/public/2")

    assert filling.content == hitting.content == plain.content == BODY
    assert len(app.asked) == 1
    assert cache.store.hits == 2
    assert b"cookie" not in dict(app.asked[0]["headers"])


async def test_a_page_session_goes_through_the_routes_and_is_not_stored_on_the_way(
    users: Users, author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    slug = (await publish(author, "Hello"))["slug"]
    store = users.app.state.response_cache.store
    before = len(store)

    with_session = await anonymous.get(f"/articles/{slug}", headers={"Cookie": SESSION})

    assert with_session.status_code == 200
    assert with_session.headers["Cache-Control"] == "no-store"
    assert len(store) == before
    everybodys = await anonymous.get(f"/articles/{slug}", headers={"Cookie": f"{cookies.NAME}=clr_x"})
    assert everybodys.json() == with_session.json()
    assert everybodys.headers["Cache-Control"].startswith("public")
