"""What is at an address: what the blog has there, where that has gone, and what redirects say."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Redirect, RedirectMatch
from app.content.services.redirect_hits import RedirectHits
from app.core.roles import Role
from tests.content.test_redirects import redirect
from tests.support.problems import problem_in
from tests.support.statements import recorded_statements
from tests.support.users import Users
from tests.support.writing import publish, write


@pytest.fixture(autouse=True)
def _nothing_counted(app: FastAPI) -> None:
    """The tests share a process, whose redirects have the same ids again."""
    app.state.process.shared.pop(RedirectHits, None)


async def resolve(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.get("/resolve", params={"path": path})


async def there(client: httpx.AsyncClient, path: str) -> Any:
    response = await resolve(client, path)
    assert response.status_code == 200, response.text
    return response.json()


def moved(response: httpx.Response, status: int, location: str) -> None:
    problem = problem_in(response, status, "moved")
    assert response.headers["Location"] == location
    assert location in problem["detail"]
    assert response.headers["Cache-Control"] == "no-cache"


async def test_what_the_blog_has_is_found_at_its_addresses(
    users: Users, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    author = await users.client(Role.AUTHOR, username="anna")
    await editor.post("/categories", json={"name": "Life"})
    await editor.post("/categories", json={"name": "Travel", "parent": "life"})
    await publish(author, "One", tags=["Red"], category="travel")
    expected = {
        "/one": ("article", "one"),
        "/one.md": ("article", "one"),
        "/tag/red": ("tag", "red"),
        "/category/life": ("category", "life"),
        "/category/life/travel": ("category", "travel"),
        "/author/anna": ("author", "anna"),
        "/api/v1/articles/one": ("article", "one"),
        "/api/v1/tags/red": ("tag", "red"),
        "/api/v1/categories/travel": ("category", "travel"),
        "/api/v1/authors/anna": ("author", "anna"),
    }

    for path, (kind, slug) in expected.items():
        assert await there(anonymous, path) == {"resource": kind, "slug": slug, "path": path}
    for path in ("/one/", "//one", "/one?utm=1#x", "/%6Fne"):
        assert (await there(anonymous, path))["path"] == "/one"
    moved(await resolve(anonymous, "/category/travel"), 308, "/category/life/travel")
    moved(await resolve(anonymous, "/category/old/travel"), 308, "/category/life/travel")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/nothing",
            "/tag/nothing",
            "/category/a/b",
            "/author/nobody",
            "/api/v1/articles/nothing",
            "/a/b/c.html",
        ),
        *(
            "/../etc/passwd",
            "/%2e%2e/one",
            "/a%00",
            "/one%00",
            "//evil.com",
            "/\\evil.com",
            "/a%2Fb",
            "/%ff",
            "/" + "a" * 3000,
        ),
        *("/one\n", "/é", "/一", "/api/v1/redirects"),
    ],
)
async def test_where_nothing_ever_was_is_nothing(anonymous: httpx.AsyncClient, path: str) -> None:
    problem_in(await resolve(anonymous, path), 404, "not_found")


@pytest.mark.parametrize("query", [{}, {"path": ""}, {"path": "old"}, {"path": "https://blog.example.com/one"}])
async def test_only_paths_are_resolved(anonymous: httpx.AsyncClient, query: dict[str, str]) -> None:
    problem_in(await anonymous.get("/resolve", params=query), 422, "validation_error")


async def test_drafts_are_not_revealed_and_what_was_deleted_is_gone(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    draft = await write(author, "A draft", tags=["Secret"])
    article = await publish(author, "Public")
    for source, article_id in (("/old-draft", draft["id"]), ("/old", article["id"])):
        session.add(Redirect(source=source, match=RedirectMatch.EXACT, article_id=article_id, status=301))
    await session.commit()

    moved(await resolve(anonymous, "/old"), 301, "/public")
    for path in ("/a-draft", "/old-draft", "/tag/secret", "/a-draft.md", "/api/v1/articles/a-draft"):
        problem_in(await resolve(anonymous, path), 404, "not_found")
    assert (await there(author, "/a-draft"))["resource"] == "article"
    moved(await resolve(author, "/old-draft"), 301, "/a-draft")

    await author.delete("/articles/public")
    for path in ("/public", "/old", "/api/v1/articles/public"):
        gone = problem_in(await resolve(anonymous, path), 410, "gone")
        assert gone["status"] == 410
    await author.delete("/articles/a-draft")
    problem_in(await resolve(anonymous, "/old-draft"), 404, "not_found")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_answered_with_its_status(
    editor: httpx.AsyncClient, anonymous: httpx.AsyncClient, status: int
) -> None:
    await redirect(editor, "/old.html", "/new?a=b#c", status=status)

    moved(await resolve(anonymous, "/old.html"), status, "/new?a=b#c")
    moved(await resolve(anonymous, "/old.html/?x=y"), status, "/new?a=b#c")
    problem_in(await resolve(anonymous, "/old.html/x"), 404, "not_found")
    problem_in(await resolve(anonymous, "/Old.html"), 404, "not_found")


async def test_prefixes_lead_on_with_the_rest_and_the_longest_wins(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, "Living")
    await redirect(editor, "/", "https://old.example.com", match="prefix", status=302)
    await redirect(editor, "/blog", "https://example.com/b/", match="prefix")
    await redirect(editor, "/blog/2019", None, match="prefix", status=410)
    await redirect(editor, "/blog/2019/best", "/living")
    await redirect(editor, "/living/x", "/y", match="prefix")

    moved(await resolve(anonymous, "/blog"), 308, "https://example.com/b/")
    moved(await resolve(anonymous, "/blog/a/b?c"), 308, "https://example.com/b/a/b")
    moved(await resolve(anonymous, "/blog/é/ü"), 308, "https://example.com/b/%C3%A9/%C3%BC")
    moved(await resolve(anonymous, "/blogs"), 302, "https://old.example.com/blogs")
    moved(await resolve(anonymous, "//evil.com/x"), 302, "https://old.example.com/evil.com/x")
    problem_in(await resolve(anonymous, "/blog/2019/x"), 410, "gone")
    moved(await resolve(anonymous, "/blog/2019/best"), 308, "/living")
    moved(
        await resolve(anonymous, "/blog/2018/" + "/".join("x" * 50)),
        308,
        "https://example.com/b/2018/" + "/".join("x" * 50),
    )
    # What is there, or was, comes before prefixes, but not before an exact redirect.
    assert (await resolve(anonymous, "/living")).status_code == 200
    await author.delete("/articles/living")
    problem_in(await resolve(anonymous, "/living"), 410, "gone")
    await redirect(editor, "/living", "/elsewhere")
    moved(await resolve(anonymous, "/living"), 308, "/elsewhere")


HOSTILE = (
    "//evil.com",
    "/%2F%2Fevil.com",
    "/%5Cevil.com",
    "/..//evil.com",
    "/%0d%0aX:y",
    "/\t/evil.com",
    "/@evil.com",
    "/.evil.com",
)


@pytest.mark.parametrize("target", ["/", "/new/", "https://example.com"])
@pytest.mark.parametrize("rest", HOSTILE)
async def test_no_rest_of_a_path_leads_to_another_host(
    editor: httpx.AsyncClient, anonymous: httpx.AsyncClient, target: str, rest: str
) -> None:
    await redirect(editor, "/old", target, match="prefix")

    response = await resolve(anonymous, f"/old{rest}")

    if response.status_code == 404:
        return
    location = response.headers["Location"]
    base = httpx.URL("https://blog.example.com/old/")
    assert base.join(location).host == ("example.com" if target.startswith("https") else "blog.example.com")
    assert not location.startswith(("//", "/\\"))


async def test_requests_that_no_route_serves_are_led_on(
    editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await redirect(editor, "/2019/old-post.html", "/new", status=301)
    await redirect(editor, "/wp-login.php", None, status=410)
    await redirect(editor, "/api/v1/articles", "/hidden")
    await redirect(editor, "/caf%C3%A9", "/coffee", match="prefix")
    root = "http://blog.example.com"

    moved(await anonymous.get(f"{root}/2019/old-post.html"), 301, "/new")
    moved(await anonymous.get(f"{root}/2019/old-post.html?x=y"), 301, "/new")
    moved(await anonymous.get(f"{root}/caf%C3%A9/%C3%BC"), 308, "/coffee/%C3%BC")
    head = await anonymous.head(f"{root}/2019/old-post.html")
    assert (head.status_code, head.headers["Location"], head.content) == (301, "/new", b"")
    problem_in(await anonymous.get(f"{root}/wp-login.php"), 410, "gone")
    problem_in(await anonymous.get(f"{root}/nothing"), 404, "not_found")
    problem_in(await anonymous.get(f"{root}/caf%C3%A9/%ff"), 404, "not_found")
    problem_in(await anonymous.get(f"{root}/" + "a" * 3000), 404, "not_found")
    problem_in(await anonymous.post(f"{root}/2019/old-post.html"), 404, "not_found")
    # An address that a route serves is not looked for.
    assert (await anonymous.get("/articles")).status_code == 200
    problem_in(await anonymous.get("/articles/wp-login.php"), 404, "article_not_found")
    # Whoever is logged in is led on as well.
    moved(await editor.get(f"{root}/2019/old-post.html"), 301, "/new")


async def test_former_addresses_lead_to_present_ones_in_one_step(
    users: Users, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    anna = await users.client(Role.AUTHOR, username="anna")
    await editor.post("/categories", json={"name": "Life"})
    await publish(anna, "One", tags=["Red"], category="life")
    await redirect(editor, "/older", "/one", status=301)
    await anna.patch("/articles/one", json={"slug": "uno"})
    await editor.patch("/tags/red", json={"name": "Rot"})
    await editor.patch("/categories/life", json={"slug": "leben"})
    await anna.patch("/users/me", json={"username": "anne"})

    expected = {
        "/one": "/uno",
        "/one.md": "/uno.md",
        "/api/v1/articles/one": "/api/v1/articles/uno",
        "/tag/red": "/tag/rot",
        "/category/life": "/category/leben",
        "/author/anna": "/author/anne",
    }
    for former, present in expected.items():
        moved(await resolve(anonymous, former), 308, present)
        assert (await there(anonymous, present))["path"] == present
    moved(await resolve(anonymous, "/older"), 301, "/uno")
    # Back to where a redirect begins, it would lead to itself.
    await anna.patch("/articles/uno", json={"slug": "older"})
    assert (await there(anonymous, "/older"))["slug"] == "older"


async def test_what_is_for_members_is_not_revealed(
    author: httpx.AsyncClient, reader: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    article = await publish(author, "For members", visibility="members")
    session.add(Redirect(source="/old", match=RedirectMatch.EXACT, article_id=article["id"], status=301))
    await session.commit()

    for path in ("/for-members", "/old", "/api/v1/articles/for-members"):
        problem_in(await resolve(anonymous, path), 404, "not_found")
    assert (await there(reader, "/for-members"))["resource"] == "article"
    moved(await resolve(reader, "/old"), 301, "/for-members")


async def test_asking_for_nothing_costs_one_query(
    app: FastAPI, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await redirect(editor, "/old", "/new")
    # Whether what a redirect leads to has moved on is asked only where there is one.
    for path, number in (("/a/b/c.php", 1), ("/old", 3), ("/" + "a" * 3000, 0)):
        with recorded_statements(app.state.database) as statements:
            await anonymous.get(f"http://blog.example.com{path}")
        assert len(statements) <= number, statements
