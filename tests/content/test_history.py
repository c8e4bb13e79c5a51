"""The history of articles: what is in it, what is restored from it, and whose names are in it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Revision, RevisionText
from app.core.roles import Role
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import names, publish, read, walk, write

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATH = "/articles/bread/revisions"
DRAFT = "/articles/bread/draft"


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
async def bread(author: httpx.AsyncClient) -> Any:
    """A published article; its creation is the first revision, and its publication the second."""
    return await publish(author, "Bread", body_markdown="Flour and water.", tags=["Baking"])


async def autosave(client: httpx.AsyncClient, text: str, **fields: Any) -> int:
    response = await client.patch(f"{DRAFT}?autosave=true", json={"body_markdown": text, **fields})
    assert response.status_code == 200, response.text
    return int(response.json()["version"])


async def autosave_onto(client: httpx.AsyncClient, article: Any, version: int, text: str, **fields: Any) -> int:
    """By somebody who has this version before them."""
    body, tag = {"body_markdown": text, **fields}, f'"{article["id"]}.{version}"'
    response = await client.patch(f"{DRAFT}?autosave=true", json=body, headers={"If-Match": tag})
    assert response.status_code == 200, response.text
    return int(response.json()["version"])


async def listed(client: httpx.AsyncClient, key: str = "number") -> list[Any]:
    return names(await walk(client, PATH, limit=2), key)


async def test_every_save_that_changes_something_is_in_it(author: httpx.AsyncClient, bread: Any) -> None:
    me = await read(author, "/users/me")
    await author.patch("/articles/bread", json={"title": "Good bread", "tags": ["Rye"]})

    newest, published, first = await walk(author, PATH, limit=2)

    assert (newest["number"], published["number"], first["number"]) == (3, 2, 1)
    assert bread["version"] == 2
    assert (newest["fields"], newest["reason"], newest["was_published"]) == (["tags", "title"], "edit", True)
    assert (published["fields"], published["reason"]) == (["published_at"], "publish")
    assert (first["was_published"], first["by"]["username"]) == (False, me["username"])
    assert (newest["created_at"], newest["began_at"], newest["name"]) == (*["2026-03-01T12:00:00Z"] * 2, None)
    shown = await read(author, f"{PATH}/3")
    assert {name: shown[name] for name in newest} == newest
    assert (shown["body_markdown"], shown["tags"], shown["slug"]) == ("Flour and water.", ["Rye"], "bread")


async def test_what_does_not_exist_is_not_found(author: httpx.AsyncClient, bread: Any) -> None:
    assert bread
    for number in (3, 2**31 - 1):
        problem_in(await author.get(f"{PATH}/{number}"), 404, "revision_not_found")
        problem_in(await author.patch(f"{PATH}/{number}", json={"name": "A"}), 404, "revision_not_found")
        problem_in(await author.put(f"{PATH}/{number}/restoration"), 404, "revision_not_found")
        problem_in(await author.get(f"{PATH}/1/diff/{number}"), 404, "revision_not_found")
        problem_in(await author.get(f"{PATH}/{number}/diff/1"), 404, "revision_not_found")
    for wrong in ("0", "-1", "x", "1.0", str(2**31)):
        assert (await author.get(f"{PATH}/{wrong}")).status_code == 422
        assert (await author.get(f"{PATH}/1/diff/{wrong}")).status_code == 422


async def test_autosaves_of_one_person_are_one_revision(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any, traveller: time_machine.Traveller
) -> None:
    others = 2
    for minute in range(5):
        traveller.move_to(START + timedelta(minutes=minute))
        last = await autosave_onto(author, bread, others, f"Flour, {minute}.", title=f"Bread {minute}")
        others = await autosave_onto(editor, bread, last, f"Water, {minute}.")

    revisions = await walk(author, PATH)
    assert names(revisions, "number") == [others, last, 2, 1]
    assert [each["fields"] for each in revisions[:2]] == [["body_markdown"], ["body_markdown", "title"]]
    assert {each["began_at"] for each in revisions[:2]} == {"2026-03-01T12:00:00Z"}
    # Those before are still what merges are based on.
    assert (await read(author, f"{PATH}/3"))["body_markdown"] == "Flour, 0."
    problem_in(await author.patch(f"{PATH}/3", json={"name": "First"}), 404, "revision_not_found")

    traveller.move_to(START + timedelta(minutes=10))
    later = await autosave(author, "Flour, at last.")
    assert await listed(author) == [later, others, last, 2, 1]


async def test_what_somebody_else_overwrites_without_having_seen_it_stays(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any
) -> None:
    assert bread
    first = await autosave(author, "Flour and salt.")
    blind = await autosave(editor, "Water.")
    second = await autosave(author, "Milk.")
    assert await listed(author) == [second, blind, first, 2, 1]

    # Where every word is still there, nothing is lost.
    third = await autosave(editor, "Water, milk and flour.")
    fourth = await autosave(author, "Water, Milk and flour.")
    assert await listed(author) == [fourth, third, first, 2, 1]


async def test_a_named_autosave_stays(author: httpx.AsyncClient, bread: Any) -> None:
    assert bread
    first = await autosave(author, "Flour.")
    await author.patch(f"{PATH}/{first}", json={"name": "Just flour"})
    second = await autosave(author, "Flour and salt.")

    assert await listed(author) == [second, first, 2, 1]


@pytest.mark.parametrize("how", ["discarded", "discarded by a change", "restored"])
async def test_what_was_thrown_away_as_a_whole_stays_in_the_history(
    author: httpx.AsyncClient, bread: Any, how: str
) -> None:
    assert bread
    lost = await autosave(author, "Ten minutes of work.")
    match how:
        case "discarded":
            await author.delete(DRAFT)
        case "discarded by a change":
            await author.patch("/articles/bread?draft=discard", json={"excerpt": "Hm"})
        case "restored":
            await author.put(f"{PATH}/1/restoration")

    await autosave(author, "Something else.")

    assert lost in await listed(author)


async def test_an_explicit_save_is_never_replaced(author: httpx.AsyncClient, bread: Any) -> None:
    assert bread
    await author.patch(DRAFT, json={"title": "Good bread"})
    await autosave(author, "Flour.")
    await autosave(author, "More flour.")

    assert await listed(author, "reason") == ["autosave", "edit", "publish", "edit"]


async def test_names_are_given_and_taken_away(author: httpx.AsyncClient, bread: Any) -> None:
    assert bread
    named = await author.patch(f"{PATH}/1", json={"name": "As sent to the editor"})
    assert named.json()["name"] == "As sent to the editor"
    assert named.json() == await read(author, f"{PATH}/1")
    taken = await author.patch(f"{PATH}/1", json={"name": None}, headers={"If-Match": named.headers["ETag"]})
    assert taken.json()["name"] is None
    stale = await author.patch(f"{PATH}/1", json={"name": "B"}, headers={"If-Match": named.headers["ETag"]})
    problem_in(stale, 412, "precondition_failed")
    assert stale.headers["ETag"] == taken.headers["ETag"]
    for wrong in ({}, {"name": ""}, {"name": " "}, {"name": "a" * 101}, {"name": "a\nb"}, {"name": 1}, {"names": "a"}):
        problem_in(await author.patch(f"{PATH}/1", json=wrong), 422, "validation_error")
    assert (await author.patch(f"{PATH}/1", json={"name": "ä" * 100})).status_code == 200


async def test_a_revision_is_restored_as_the_draft(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await editor.post("/categories", json={"name": "Food"})
    old: dict[str, Any] = {"body_markdown": "*Flour*.", "tags": ["Rye"], "excerpt": "Yum", "category": "food"}
    await publish(author, "Old bread", slug="old-bread", **old)
    changed: dict[str, Any] = {
        "title": "Bread",
        "slug": "bread",
        "body_markdown": "Water.",
        "tags": [],
        "category": None,
    }
    now = await author.patch("/articles/old-bread", json={**changed, "category": None})
    await editor.delete("/categories/food")
    stale = await author.put(f"{PATH}/1/restoration", headers={"If-Match": '"1.1"'})
    problem_in(stale, 412, "precondition_failed")

    restored = await author.put(f"{PATH}/1/restoration", headers={"If-Match": now.headers["ETag"]})

    assert restored.status_code == 200, restored.text
    draft = restored.json()
    assert (draft["title"], draft["slug"], draft["category"]) == ("Old bread", "bread", None)
    assert (draft["body_html"].strip(), draft["tags"], draft["excerpt"]) == ("<p><em>Flour</em>.</p>", ["Rye"], "Yum")
    assert restored.headers["ETag"] == (await author.get(DRAFT)).headers["ETag"]
    assert (await read(anonymous, "/articles/bread"))["title"] == "Bread"
    newest = (await walk(author, PATH))[0]
    assert (newest["number"], newest["reason"], newest["was_published"]) == (draft["version"], "restore", False)
    assert newest["fields"] == ["body_markdown", "tags", "title"]
    # Once more changes nothing.
    assert (await author.put(f"{PATH}/1/restoration")).headers["ETag"] == restored.headers["ETag"]


async def test_a_revision_of_a_draft_is_restored_in_its_place(author: httpx.AsyncClient) -> None:
    await write(author, "Bread", body_markdown="Flour.")
    await author.patch("/articles/bread", json={"body_markdown": "Water."})

    assert (await author.put(f"{PATH}/1/restoration")).status_code == 200

    article = await read(author, "/articles/bread")
    assert (article["body_markdown"], article["status"], article["version"]) == ("Flour.", "draft", 3)


async def test_what_is_deleted_keeps_its_history(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any
) -> None:
    assert bread
    await autosave(author, "Flour.")
    before = await walk(author, PATH), await read(author, DRAFT)
    await author.delete("/articles/bread")
    for path in (PATH, f"{PATH}/1", DRAFT, f"{PATH}/1/diff/2"):
        problem_in(await author.get(path), 410, "gone")
    # Before they restore it, editors may look.
    assert await walk(editor, PATH) == before[0]
    assert (await editor.get(f"{PATH}/1/diff/2")).status_code == 200

    await editor.put("/articles/bread/restoration")

    assert (await walk(author, PATH), await read(author, DRAFT)) == before


async def test_two_revisions_are_compared(author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any) -> None:
    assert bread
    await editor.post("/categories", json={"name": "Food"})
    changes = {"title": "Good bread", "body_markdown": "Flour and milk.\n", "tags": ["Rye"], "category": "food"}
    await author.patch(DRAFT, json=changes)

    diff = await read(author, f"{PATH}/2/diff/3")

    assert (diff["old"], diff["new"]) == (2, 3)
    assert diff["fields"] == [
        {"field": "title", "old": "Bread", "new": "Good bread"},
        {"field": "category", "old": None, "new": "food"},
    ]
    assert (diff["tags_added"], diff["tags_removed"]) == (["Rye"], ["Baking"])
    assert diff["body"]["unified"].splitlines()[:4] == ["--- 2", "+++ 3", "@@ -1 +1 @@", "-Flour and water."]
    steps = diff["body"]["operations"]
    assert "".join(step["text"] for step in steps if step["op"] != "insert") == "Flour and water."
    assert "".join(step["text"] for step in steps if step["op"] != "delete") == "Flour and milk.\n"
    assert steps[0] == {"op": "equal", "text": "Flour and "}

    back = await read(author, f"{PATH}/3/diff/2")
    assert back["fields"][0] == {"field": "title", "old": "Good bread", "new": "Bread"}
    assert (back["tags_added"], back["tags_removed"]) == (["Baking"], ["Rye"])
    same = await read(author, f"{PATH}/3/diff/3")
    assert (same["fields"], same["tags_added"], same["body"]["unified"]) == ([], [], "")
    assert same["body"]["operations"] == [{"op": "equal", "text": "Flour and milk.\n"}]


async def test_the_longest_texts_are_compared_and_merged(author: httpx.AsyncClient) -> None:
    old, new = (" ".join(f"{word}{number % 977}" for number in range(60_000)) for word in ("a", "b"))
    await write(author, "Bread", body_markdown=old)
    await author.patch(DRAFT, json={"body_markdown": new})

    diff = await read(author, f"{PATH}/1/diff/2")
    merge = await author.post(f"{DRAFT}/merges", json={"title": "Bread", "body_markdown": old + "!", "base_version": 1})

    assert "".join(step["text"] for step in diff["body"]["operations"] if step["op"] != "delete") == new
    assert merge.status_code == 200
    assert merge.json()["version"] == 2


async def test_the_name_of_a_deleted_account_is_gone(
    users: Users, author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any
) -> None:
    assert bread
    number = await autosave(editor, "Flour.")
    me = await read(editor, "/users/me")
    admin = await users.client(Role.ADMIN)

    gone = await admin.delete(f"/users/{me['id']}")

    assert gone.status_code == 204, gone.text
    assert (await read(author, f"{PATH}/{number}"))["by"] is None
    assert (await walk(author, PATH))[0]["by"] is None
    assert (await read(author, DRAFT))["saved_by"] is None


async def test_the_owner_gets_the_history_and_what_is_being_written(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any
) -> None:
    assert bread
    await write(author, "Plan", body_markdown="Later.")
    await autosave(editor, "Flour, salt.")
    await autosave(editor, "Flour, salt, water.")

    def revisions_in(response: httpx.Response) -> list[dict[str, Any]]:
        with ZipFile(BytesIO(response.content)) as archive:
            found: list[dict[str, Any]] = json.loads(archive.read("revisions.json"))
            return found

    exported = revisions_in(await author.get("/users/me/export"))

    assert [(each["article"], each["number"], each["is_by_owner"], each["shown_as"]) for each in exported] == [
        ("bread", 1, True, []),
        ("bread", 2, True, ["article"]),
        ("plan", 1, True, ["article"]),
        ("bread", 4, False, ["draft"]),
    ]
    assert exported[-1]["body_markdown"] == "Flour, salt, water."
    assert revisions_in(await editor.get("/users/me/export")) == []


async def test_a_damaged_text_stands_in_nobodys_way(
    author: httpx.AsyncClient, bread: Any, session: AsyncSession
) -> None:
    assert bread
    await session.execute(update(RevisionText).values(data=b"damaged"))
    await session.commit()

    saved = await author.patch(DRAFT, json={"body_markdown": "Rye."})

    assert saved.status_code == 200
    assert (await read(author, f"{PATH}/3"))["body_markdown"] == "Rye."
    stored = await session.scalar(select(Revision.text_id).where(Revision.number == 3))
    assert await session.scalar(select(RevisionText.base_id).where(RevisionText.id == stored)) is None
