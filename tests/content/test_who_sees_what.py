"""Who finds what: every kind, visibility and status, for everybody who may ask, wherever articles are shown."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.api.route_table import RouteTable
from app.core.roles import Role
from tests.support.users import Users
from tests.support.writing import names, read, walk, write

KINDS, VISIBILITIES, STATUSES = ("article", "page"), ("public", "unlisted", "members"), ("published", "draft")
# Whoever adds a route that shows articles to everybody has to say here, by its name, that it is looked at below.
PUBLIC_ROUTES = {
    *("/articles", "/articles/{slug}", "/articles/{slug}/comments", "/comments/{comment_id}"),
    *("/authors", "/authors/{username}", "/categories", "/categories/{slug}", "/tags", "/tags/{slug}"),
}
LISTS: list[dict[str, Any]] = [
    {},
    {"kind": "article"},
    {"tag": "red"},
    {"tag": ["red", "blue"]},
    {"tag": "red", "published_after": "2020-01-01T00:00:00Z"},
    {"tag": "red", "sort": "title"},
    {"author": "anna"},
    {"category": "world"},
    {"category": "news", "skip": 0},
    {"tag": "red", "author": "anna"},
    {"tag": "red", "category": "news"},
    {"author": "anna", "category": "news"},
    *({"sort": sort} for sort in ("oldest", "title", "most_commented")),
]


@dataclass(frozen=True)
class Each:
    """One article of each sort there is."""

    kind: str
    visibility: str
    status: str
    is_deleted: bool

    @property
    def slug(self) -> str:
        return "-".join([self.kind, self.visibility, self.status, *(["deleted"] if self.is_deleted else [])])

    def is_of(self, kind: str | None, visibility: str | None, status: str) -> bool:
        """Whether it is of this kind and visibility, if any, in the list of this status."""
        in_list = "deleted" if self.is_deleted else self.status
        return kind in {None, self.kind} and visibility in {None, self.visibility} and in_list == status

    @property
    def is_published(self) -> bool:
        return self.status == "published" and not self.is_deleted

    @property
    def is_listed(self) -> bool:
        return self.is_published and self.kind == "article" and self.visibility == "public"

    @property
    def is_listed_to_members(self) -> bool:
        return self.is_published and self.kind == "article" and self.visibility != "unlisted"


EVERY = [Each(*one) for one in product(KINDS, VISIBILITIES, STATUSES, (False, True))]


def slugs(which: Callable[[Each], bool]) -> list[str]:
    return sorted(each.slug for each in EVERY if which(each))


LISTED, LISTED_TO_MEMBERS = slugs(lambda each: each.is_listed), slugs(lambda each: each.is_listed_to_members)


@dataclass
class Blog:
    """All of them are Anna's, with the same tags and category, and a comment."""

    viewers: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[str, httpx.AsyncClient]]:
        return iter(self.viewers.items())


@pytest.fixture
async def blog(users: Users) -> Blog:
    blog = Blog()
    blog.viewers = {
        "anonymous": await users.client(),
        "reader": await users.client(Role.READER),
        "unverified": await users.client(Role.READER, is_verified=False),
        "owner": await users.client(Role.AUTHOR, username="anna"),
        "author": await users.client(Role.AUTHOR),
        "editor": await users.client(Role.EDITOR),
        "admin": await users.client(Role.ADMIN),
    }
    owner, editor = blog.viewers["owner"], blog.viewers["editor"]
    await editor.post("/categories", json={"name": "World"})
    await editor.post("/categories", json={"name": "News", "parent": "world"})
    for each in EVERY:
        body = {"title": each.slug, "tags": ["Red", "Blue"], "category": "news", "body_markdown": f"Of {each.slug}."}
        sorted_as = {"kind": each.kind, "visibility": each.visibility, "status": each.status}
        made = await owner.post("/articles", json=body | sorted_as)
        assert (made.status_code, made.json()["slug"]) == (201, each.slug), made.text
        assert {name: made.json()[name] for name in sorted_as} == sorted_as
        # Each by somebody else: nobody may write as many at once.
        commenter = await users.client(Role.EDITOR)
        said = await commenter.post(f"/articles/{each.slug}/comments", json={"body_markdown": f"On {each.slug}."})
        assert said.status_code == 201, said.text
    for each in EVERY:
        if each.is_deleted:
            assert (await owner.delete(f"/articles/{each.slug}")).status_code == 204
    return blog


def exists_for(viewer: str, each: Each) -> bool:
    if each.is_deleted:
        return False
    if each.status == "draft":
        return viewer in {"owner", "editor", "admin"}
    return viewer != "anonymous" or each.visibility != "members"


def is_everywhere(viewer: str) -> bool:
    return viewer in {"editor", "admin"}


async def test_nothing_that_everybody_reads_is_forgotten(app: FastAPI) -> None:
    table = RouteTable(app.routes)
    public = {route.template for route in table.routes if route.rules.is_public}

    assert {template.removeprefix("/api/v1") for template in public} == PUBLIC_ROUTES


async def test_what_exists_for_whom(blog: Blog) -> None:
    for (viewer, client), each in product(blog, EVERY):
        was_public = each.is_deleted and each.status == "published" and each.visibility != "members"
        expected = 200 if exists_for(viewer, each) else 410 if was_public else 404
        # Whoever asks for the second time may get what was kept of the first.
        for path in (f"/articles/{each.slug}", f"/articles/{each.slug}/comments") * 2:
            response = await client.get(path)

            assert response.status_code == expected, (viewer, path)
            assert (f"{each.slug}." in response.text) == (expected == 200), (viewer, path)


async def test_only_articles_have_a_date(blog: Blog) -> None:
    for each in (each for each in EVERY if not each.is_deleted):
        found = await read(blog.viewers["editor"], f"/articles/{each.slug}")

        assert (found["published_at"] is not None) == (each.status == "published" and each.kind == "article"), each


async def test_what_is_in_whose_lists(blog: Blog) -> None:
    for (viewer, client), filters in product(blog, LISTS):
        expected = LISTED if viewer == "anonymous" else LISTED_TO_MEMBERS

        assert sorted(names(await walk(client, "/articles", limit=1, **filters))) == expected, (viewer, filters)
        everybodys = await walk(client, "/articles", limit=1, visibility="public", **filters)
        assert names(everybodys) == ["article-public-published"], (viewer, filters)


async def test_what_is_for_members_is_asked_for(blog: Blog) -> None:
    for (viewer, client), filters in product(blog, LISTS):
        response = await client.get("/articles", params={"visibility": "members", **filters})

        if viewer == "anonymous":
            assert response.status_code == 401
        else:
            assert names(response.json()["items"]) == ["article-members-published"], (viewer, filters)


async def test_what_is_in_no_list_is_shown_to_those_whose_it_is(blog: Blog) -> None:
    asked_for = product((None, *KINDS), (None, *VISIBILITIES), ("published", "draft", "deleted"))
    for (kind, visibility, status), (viewer, client) in product(asked_for, blog):
        if status == "published" and kind != "page" and visibility != "unlisted":
            continue
        params = {"status": status, "kind": kind, "visibility": visibility, "tag": "red", "limit": 100}
        response = await client.get("/articles", params={name: value for name, value in params.items() if value})

        if viewer == "anonymous":
            assert response.status_code == 401
        elif status == "deleted" and not is_everywhere(viewer):
            assert response.status_code == 403
        else:
            found_at_all = EVERY if is_everywhere(viewer) or viewer == "owner" else []
            expected = sorted(each.slug for each in found_at_all if each.is_of(kind, visibility, status))
            assert sorted(names(response.json()["items"])) == expected, (viewer, params)


async def test_what_is_counted(blog: Blog) -> None:
    for _, client in blog:
        tags = await read(client, "/tags")
        assert [(tag["slug"], tag["article_count"]) for tag in tags["items"]] == [("blue", 1), ("red", 1)]
        assert (await read(client, "/tags/red"))["article_count"] == 1
        authors = (await read(client, "/authors"))["items"]
        assert [(author["username"], author["article_count"]) for author in authors] == [("anna", 1)]
        assert (await read(client, "/authors/anna"))["article_count"] == 1
        (world,) = await read(client, "/categories")
        assert (world["article_count"], world["children"][0]["article_count"]) == (1, 1)
        assert (await read(client, "/categories/news"))["article_count"] == 1


async def test_what_is_moderated(blog: Blog) -> None:
    for viewer, client in blog:
        response = await client.get("/comments", params={"limit": 100})

        if is_everywhere(viewer):
            expected = slugs(lambda each: not each.is_deleted)
            assert sorted(names(response.json()["items"], "article_slug")) == expected
        else:
            assert response.status_code in {401, 403}


async def test_nobody_but_members_comments_on_what_is_theirs(blog: Blog) -> None:
    for viewer, status in (("anonymous", 401), ("unverified", 403), ("reader", 201), ("author", 201)):
        path = "/articles/article-members-published/comments"
        response = await blog.viewers[viewer].post(path, json={"body_markdown": "Me too."})
        assert response.status_code == status, viewer
    for viewer in ("reader", "author"):
        response = await blog.viewers[viewer].post(
            "/articles/article-members-draft/comments", json={"body_markdown": "Me too."}
        )
        assert response.status_code == 404


async def test_filters_that_only_members_find_something_with(blog: Blog) -> None:
    owner = blog.viewers["owner"]
    one = {"title": "One", "tags": ["Green", "Red"], "category": "news", "visibility": "members", "status": "published"}
    assert (await owner.post("/articles", json=one)).status_code == 201

    by: tuple[dict[str, Any], ...] = (
        {"tag": "green"},
        {"tag": ["red", "green"]},
        {"tag": "green", "author": "anna", "category": "world"},
    )
    for filters, sort in product(by, ("newest", "title")):
        for viewer, expected in (("anonymous", []), ("reader", ["one"]), ("editor", ["one"])):
            found = await read(blog.viewers[viewer], "/articles", sort=sort, **filters)
            assert names(found["items"]) == expected, (viewer, filters)


@pytest.mark.parametrize("name", ["kind", "visibility"])
@pytest.mark.parametrize("value", ["", "private", "Page", None, 1, ["page"]])
async def test_nothing_else_is_taken(author: httpx.AsyncClient, name: str, value: Any) -> None:
    await write(author, "One")

    assert (await author.post("/articles", json={"title": "T", name: value})).status_code == 422
    assert (await author.patch("/articles/one", json={name: value})).status_code == 422
    if isinstance(value, str):
        assert (await author.get("/articles", params={name: value})).status_code == 422


@pytest.mark.parametrize(
    ("shown", "spelling"),
    [
        ({"kind": "page"}, "Golang"),
        ({"visibility": "unlisted"}, "Golang"),
        ({"visibility": "members"}, "Golang"),
        ({"status": "draft"}, "GOLANG"),
    ],
)
async def test_whoever_shows_a_tag_to_anybody_has_spelled_it(
    users: Users, shown: dict[str, Any], spelling: str
) -> None:
    anna, ben = await users.client(Role.AUTHOR), await users.client(Role.AUTHOR)
    await anna.post("/articles", json={"title": "One", "status": "published", "tags": ["Golang"], **shown})

    await write(ben, "Two", tags=["GOLANG"])

    assert (await read(anna, "/articles/one"))["tags"][0]["name"] == spelling
