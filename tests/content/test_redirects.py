"""Redirects, for editors: listed, created, changed and deleted."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditEvent
from app.content.models import Redirect, RedirectMatch
from app.core.roles import Role
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users
from tests.support.writing import names, publish, walk


async def redirect(editor: httpx.AsyncClient, source: str, target: str | None = "/new", **fields: Any) -> Any:
    """A new redirect."""
    response = await editor.post("/redirects", json={"source": source, "target": target, **fields})
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_redirect_is_created_in_one_form_and_read(editor: httpx.AsyncClient) -> None:
    created = await redirect(editor, "//2019//café/", "https://EXAMPLE.com:443/x", status=302, note=" Old ")

    expected = {"source": "/2019/caf%C3%A9", "target": "https://example.com/x", "status": 302, "note": "Old"}
    assert created | expected == created
    assert (created["match"], created["hits"], created["last_hit_at"], created["article"]) == ("exact", 0, None, None)
    assert created["created_by"].startswith("editor")
    assert (await editor.get(f"/redirects/{created['id']}")).json() == created


async def test_a_target_on_this_site_is_a_path(editor: httpx.AsyncClient) -> None:
    assert (await redirect(editor, "/a", "https://blog.example.com/b?c#d"))["target"] == "/b?c#d"
    assert (await redirect(editor, "/c", "https://blog.example.com"))["target"] == "/"
    elsewhere = "https://blog.example.com.evil.com/b"
    assert (await redirect(editor, "/d", elsewhere))["target"] == elsewhere
    problem_in(
        await editor.post("/redirects", json={"source": "/b", "target": "https://blog.example.com/a"}),
        409,
        "redirect_loop",
    )


@pytest.mark.parametrize(
    "body",
    [
        {"source": "/a"},
        {"source": "/a", "target": None},
        {"source": "/a", "target": "/b", "status": 410},
        {"source": "/a", "target": "/b", "status": 303},
        {"source": "/a", "target": "/b", "status": "301"},
        {"source": "/a", "target": "/b", "status": 301.0},
        {"source": "/a", "target": "javascript:alert(1)"},
        {"source": "/a", "target": "//evil.com"},
        {"source": "a", "target": "/b"},
        {"source": "https://example.com/a", "target": "/b"},
        {"source": "/a?b=c", "target": "/b"},
        {"source": "/a/../b", "target": "/b"},
        {"source": "/a%00", "target": "/b"},
        {"source": "/a", "target": "/b", "match": "regex"},
        {"source": "/a", "target": "/b", "match": "prefix", "extra": 1},
        {"source": "/a", "target": "/b?c=d", "match": "prefix"},
        {"source": "/1/2/3/4/5/6/7/8/9/10/11", "target": "/b", "match": "prefix"},
        {"source": "/a", "target": "/b", "note": "x" * 301},
        {"source": "/" + "a" * 3000, "target": "/b"},
        {"source": ["/a"], "target": "/b"},
    ],
)
async def test_what_makes_no_sense_is_refused(editor: httpx.AsyncClient, body: dict[str, Any]) -> None:
    problem_in(await editor.post("/redirects", json=body), 422, "validation_error")
    assert await walk(editor, "/redirects") == []


async def test_there_is_one_for_each_path_and_match(editor: httpx.AsyncClient) -> None:
    await redirect(editor, "/a")
    await redirect(editor, "/a", match="prefix")
    await redirect(editor, "/A")

    problem = problem_in(
        await editor.post("/redirects", json={"source": "/a/", "target": "/c"}), 409, "redirect_exists"
    )
    assert fields_of(problem) == ["source"]
    other = await redirect(editor, "/b")
    problem_in(await editor.patch(f"/redirects/{other['id']}", json={"source": "/a"}), 409, "redirect_exists")


async def test_a_circle_is_refused_with_its_chain(editor: httpx.AsyncClient) -> None:
    await redirect(editor, "/b", "/c")
    await redirect(editor, "/c", "/d?e#f")

    refused = await editor.post("/redirects", json={"source": "/d", "target": "/b"})

    problem = problem_in(refused, 409, "redirect_loop")
    assert problem["detail"] == "This would lead in a circle: /d → /b → /c → /d."
    assert fields_of(problem) == ["target"]
    for body in ({"source": "/x", "target": "/x"}, {"source": "/x", "target": "/x/y", "match": "prefix"}):
        problem_in(await editor.post("/redirects", json=body), 409, "redirect_loop")
    await redirect(editor, "/d", None, status=410)
    assert names(await walk(editor, "/redirects", limit=2), "source") == ["/b", "/c", "/d"]


async def test_changing_and_deleting_may_not_lead_in_a_circle_either(editor: httpx.AsyncClient) -> None:
    await redirect(editor, "/a", "/b", match="prefix")
    hiding = await redirect(editor, "/a/c", "/z")
    await redirect(editor, "/b/c", "/a/c")
    address = f"/redirects/{hiding['id']}"

    problem_in(await editor.delete(address), 409, "redirect_loop")
    problem_in(await editor.patch(address, json={"source": "/y"}), 409, "redirect_loop")
    problem_in(await editor.patch(address, json={"target": "/b/c"}), 409, "redirect_loop")
    assert (await editor.get(address)).json() == hiding


async def test_a_redirect_is_changed_and_deleted(editor: httpx.AsyncClient) -> None:
    created = await redirect(editor, "/a", "/b", note="why")
    address = f"/redirects/{created['id']}"

    changed = (await editor.patch(address, json={"status": 301, "source": "/x/"})).json()
    assert (changed["source"], changed["target"], changed["status"], changed["note"]) == ("/x", "/b", 301, "why")
    gone = (await editor.patch(address, json={"status": 410})).json()
    assert (gone["status"], gone["target"]) == (410, None)
    problem_in(await editor.patch(address, json={"status": 301}), 422, "impossible_redirect")
    problem_in(await editor.patch(address, json={"target": "/b"}), 422, "impossible_redirect")
    assert (await editor.patch(address, json={"status": 307, "target": "/b", "note": None})).json()["note"] is None

    assert (await editor.delete(address)).status_code == 204
    for response in (await editor.get(address), await editor.delete(address), await editor.patch(address, json={})):
        problem_in(response, 404, "redirect_not_found")


async def test_redirects_are_found_by_their_texts(editor: httpx.AsyncClient) -> None:
    await redirect(editor, "/café", "/one", note="Über")
    await redirect(editor, "/b", "/two_2", match="prefix")

    async def found(**query: str) -> list[Any]:
        return names((await editor.get("/redirects", params=query)).json()["items"], "source")

    assert (
        await found(q="CAF")
        == await found(q="café")
        == await found(q="/one")
        == await found(q="caf%C3%A9")
        == ["/caf%C3%A9"]
    )
    assert await found(q="two_2") == await found(match="prefix") == ["/b"]
    assert await found(q="_o") == []
    assert await found(q="two%2") == []
    problem_in(await editor.get("/redirects", params={"cursor": "x"}), 422, "invalid_cursor")


async def test_what_is_done_is_recorded(editor: httpx.AsyncClient, session: AsyncSession) -> None:
    created = await redirect(editor, "/a")
    await editor.patch(f"/redirects/{created['id']}", json={"status": 301})
    await editor.delete(f"/redirects/{created['id']}")

    events = (await session.scalars(select(AuditEvent).order_by(AuditEvent.id))).all()
    assert [event.action for event in events] == ["redirect.created", "redirect.changed", "redirect.deleted"]
    assert {event.subject_id for event in events} == {created["id"]}
    assert all(event.actor_id is not None for event in events)


async def test_of_two_at_once_that_would_be_a_circle_one_is_refused(live_users: Users) -> None:
    editors = [await live_users.client(Role.EDITOR) for _ in range(2)]
    for number in range(3):
        a, b = f"/a{number}", f"/b{number}"
        bodies = [{"source": a, "target": b}, {"source": b, "target": a}]
        responses = await asyncio.gather(
            *(editor.post("/redirects", json=body) for editor, body in zip(editors, bodies, strict=True))
        )
        assert sorted(response.status_code for response in responses) == [201, 409]


async def test_a_redirect_to_an_article_follows_it(
    editor: httpx.AsyncClient, author: httpx.AsyncClient, session: AsyncSession
) -> None:
    article = await publish(author, "One")
    followed = Redirect(source="/old", match=RedirectMatch.EXACT, article_id=article["id"], status=301)
    session.add(followed)
    await session.commit()
    await author.patch("/articles/one", json={"slug": "two"})

    address = f"/redirects/{followed.id}"
    shown = (await editor.get(address)).json()
    assert (shown["target"], shown["article"]) == ("/two", "two")
    problem_in(await editor.post("/redirects", json={"source": "/two", "target": "/old"}), 409, "redirect_loop")
    assert (await editor.patch(address, json={"note": "x"})).json()["article"] == "two"
    changed = (await editor.patch(address, json={"target": "/elsewhere"})).json()
    assert (changed["target"], changed["article"]) == ("/elsewhere", None)
