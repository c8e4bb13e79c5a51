"""Drafts beside published articles, and the rules by which they are saved and published."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Article, ArticleCopy, Revision, RevisionText
from app.core.roles import Role
from tests.support.problems import problem_in
from tests.support.statements import recorded_statements
from tests.support.users import Users
from tests.support.writing import names, publish, read, walk, write

DRAFT = "/articles/bread/draft"
WHOLE = {"title": "Good bread", "body_markdown": "Flour, *water* and time.", "tags": ["Baking"], "excerpt": "Yum"}


@pytest.fixture
async def bread(author: httpx.AsyncClient) -> Any:
    """A published article."""
    return await publish(author, "Bread", body_markdown="Flour and water.", tags=["Baking"])


async def save(client: httpx.AsyncClient, etag: str, path: str = DRAFT, **fields: Any) -> httpx.Response:
    response = await client.put(path, json={**WHOLE, **fields}, headers={"If-Match": etag})
    assert response.status_code == 200, response.text
    return response


async def test_readers_see_nothing_of_it_until_it_is_published(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, bread: Any
) -> None:
    before = await anonymous.get("/articles/bread")
    saved = await save(author, before.headers["ETag"], slug="good-bread")

    draft = saved.json()
    assert draft["body_html"].strip() == "<p>Flour, <em>water</em> and time.</p>"
    assert (draft["version"], draft["published_version"]) == (bread["version"] + 1, bread["version"])
    assert (draft["slug"], draft["article_slug"], draft["word_count"]) == ("good-bread", "bread", 4)
    assert draft == await read(author, DRAFT)
    again = await anonymous.get("/articles/bread")
    # Not even when it was saved.
    assert (again.json(), again.headers["ETag"]) == (before.json(), before.headers["ETag"])

    published = await author.put("/articles/bread/publication", headers={"If-Match": saved.headers["ETag"]})

    assert published.status_code == 200, published.text
    article = await read(anonymous, "/articles/good-bread")
    assert {name: article[name] for name in ("title", "body_html", "excerpt")} == {
        "title": "Good bread",
        "body_html": draft["body_html"],
        "excerpt": "Yum",
    }
    assert article["version"] > draft["version"]
    problem_in(await author.get("/articles/good-bread/draft"), 404, "draft_not_found")


async def test_whoever_saves_a_whole_draft_says_which_one_it_replaces(author: httpx.AsyncClient, bread: Any) -> None:
    assert bread
    problem_in(await author.put(DRAFT, json=WHOLE), 428, "precondition_required")
    first = await author.put(DRAFT, json=WHOLE, headers={"If-None-Match": "*"})
    assert first.status_code == 200

    stale = await author.put(DRAFT, json=WHOLE, headers={"If-None-Match": "*"})
    problem_in(stale, 412, "precondition_failed")
    assert stale.headers["ETag"] == first.headers["ETag"] == (await author.get(DRAFT)).headers["ETag"]
    await save(author, first.headers["ETag"], title="Best bread")
    stale = await author.put(DRAFT, json=WHOLE, headers={"If-Match": first.headers["ETag"]})
    problem_in(stale, 412, "precondition_failed")
    assert stale.headers["ETag"] == (await author.get(DRAFT)).headers["ETag"]
    assert (await read(author, DRAFT))["title"] == "Best bread"


async def test_the_draft_of_what_was_never_published_is_the_article(author: httpx.AsyncClient) -> None:
    article = await write(author, "Bread", body_markdown="Flour.")
    shown = await author.get(DRAFT)
    assert (shown.json()["published_version"], shown.json()["version"]) == (None, 1)
    problem_in(await author.put(DRAFT, json=WHOLE, headers={"If-None-Match": "*"}), 412, "precondition_failed")

    await save(author, shown.headers["ETag"])

    after = await read(author, "/articles/bread")
    assert (after["title"], after["version"], after["status"]) == ("Good bread", article["version"] + 1, "draft")
    problem_in(await author.delete(DRAFT), 409, "nothing_published")


async def test_a_draft_is_discarded(author: httpx.AsyncClient, bread: Any) -> None:
    problem_in(await author.delete(DRAFT), 404, "draft_not_found")
    # Whatever is demanded of what is not there.
    problem_in(await author.delete(DRAFT, headers={"If-Match": '"other"'}), 404, "draft_not_found")
    saved = await author.patch(DRAFT, json={"title": "Worse bread"})
    problem_in(await author.delete(DRAFT, headers={"If-Match": '"other"'}), 412, "precondition_failed")

    assert (await author.delete(DRAFT, headers={"If-Match": saved.headers["ETag"]})).status_code == 204

    problem_in(await author.get(DRAFT), 404, "draft_not_found")
    assert (await read(author, "/articles/bread"))["title"] == bread["title"]
    assert (await read(author, f"/articles/bread/revisions/{saved.json()['version']}"))["title"] == "Worse bread"


async def test_what_changes_nothing_is_no_version(author: httpx.AsyncClient, bread: Any) -> None:
    first = await author.patch(DRAFT, json={"title": "Good bread"})
    versions = len(await walk(author, "/articles/bread/revisions"))

    for change in ({}, {"title": "Good bread"}, {"tags": ["BAKING"]}, {"body_markdown": "Flour and water."}):
        again = await author.patch(DRAFT, json=change)
        assert (again.headers["ETag"], again.json()) == (first.headers["ETag"], first.json())
    assert len(await walk(author, "/articles/bread/revisions")) == versions
    assert bread["version"] < first.json()["version"]


async def test_of_spellings_of_one_tag_the_first_counts(author: httpx.AsyncClient, bread: Any) -> None:
    assert bread
    saved = await author.patch(DRAFT, json={"tags": ["Sour dough", "Rye", "SOUR  DOUGH", "rye"]})

    assert saved.json()["tags"] == ["Sour dough", "Rye"]


@pytest.mark.parametrize("fate", ["discard", "keep"])
async def test_changing_what_readers_see_beside_a_draft(author: httpx.AsyncClient, bread: Any, fate: str) -> None:
    draft = (await author.patch(DRAFT, json={"title": "Good bread"})).json()
    problem_in(await author.patch("/articles/bread", json={"excerpt": "Hm"}), 409, "draft_exists")
    unknown = await author.patch("/articles/bread?draft=burn", json={"excerpt": "Hm"})
    assert unknown.status_code == 422

    changed = await author.patch(f"/articles/bread?draft={fate}", json={"excerpt": "Hm"})

    assert changed.status_code == 200, changed.text
    assert (changed.json()["excerpt"], changed.json()["title"]) == ("Hm", bread["title"])
    assert changed.json()["version"] > draft["version"]
    if fate == "discard":
        problem_in(await author.get(DRAFT), 404, "draft_not_found")
    else:
        kept = await read(author, DRAFT)
        assert kept == {**draft, "published_version": changed.json()["version"]}


async def test_unpublishing_goes_on_with_the_draft(
    author: httpx.AsyncClient, bread: Any, anonymous: httpx.AsyncClient
) -> None:
    draft = (await author.patch(DRAFT, json={**WHOLE, "slug": "good-bread"})).json()

    assert (await author.delete("/articles/bread/publication")).status_code == 204

    article = await read(author, "/articles/good-bread")
    assert (article["title"], article["version"], article["status"]) == ("Good bread", draft["version"], "draft")
    problem_in(await anonymous.get("/articles/good-bread"), 404, "article_not_found")
    seen = await read(author, f"/articles/good-bread/revisions/{bread['version']}")
    assert (seen["title"], seen["body_markdown"], seen["was_published"]) == ("Bread", "Flour and water.", True)


async def test_what_is_created_as_published_is_published(author: httpx.AsyncClient) -> None:
    article = await write(author, "Bread", status="published")
    [revision] = await walk(author, "/articles/bread/revisions")

    assert (article["version"], revision["number"]) == (1, 1)
    assert (revision["reason"], revision["was_published"]) == ("publish", True)
    assert len(revision["fields"]) == 10


async def test_a_category_that_is_deleted_takes_drafts_to_its_parent(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any
) -> None:
    await editor.post("/categories", json={"name": "Food"})
    await editor.post("/categories", json={"name": "Bakery", "parent": "food"})
    saved = await author.patch(DRAFT, json={"category": "bakery"})
    assert saved.json()["category"]["slug"] == "bakery"

    assert (await editor.delete("/categories/bakery")).status_code == 204

    draft = await author.get(DRAFT)
    assert draft.json()["category"]["slug"] == "food"
    assert draft.json()["version"] == saved.json()["version"] > bread["version"]
    assert (await read(author, f"/articles/bread/revisions/{draft.json()['version']}"))["category"] is None
    assert (await editor.delete("/categories/food")).status_code == 204
    assert (await read(author, DRAFT))["category"] is None
    problem_in(await author.patch(DRAFT, json={"category": "bakery"}), 409, "unknown_category")


async def test_tags_are_names_until_they_are_published(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any
) -> None:
    assert bread
    await publish(author, "Other", tags=["Old", "Gone"])
    await author.patch(DRAFT, json={"tags": ["old", "Gone", "Never seen"]})
    assert names((await read(editor, "/tags"))["items"]) == ["baking", "gone", "old"]
    await editor.patch("/tags/old", json={"name": "New"})
    await editor.delete("/tags/gone")

    await author.put("/articles/bread/publication")

    article = await read(author, "/articles/bread")
    assert sorted(names(article["tags"], "name")) == ["Never seen", "New"]


async def test_what_another_writes_in_a_draft_is_in_the_audit_log(
    users: Users, editor: httpx.AsyncClient, bread: Any
) -> None:
    admin = await users.client(Role.ADMIN)
    with time_machine.travel(datetime.now(UTC), tick=False):
        for number in range(5):
            await editor.patch(f"{DRAFT}?autosave=true", json={"title": f"Bread {number}"})

    events = await walk(admin, "/audit-events", action="article.changed")
    # A group of autosaves is one change.
    assert [event["details"]["fields"] for event in events] == [["title"]]
    await editor.patch(DRAFT, json={"body_markdown": "Rye."})
    await editor.delete(DRAFT)
    events = await walk(admin, "/audit-events", action="article.changed")
    assert [event["details"]["fields"] for event in events] == [
        ["body_markdown", "title"],
        ["body_markdown"],
        ["title"],
    ]
    assert bread


async def test_a_save_takes_few_statements(app: FastAPI, author: httpx.AsyncClient, bread: Any) -> None:
    etag = (await author.patch(DRAFT, json={"title": "Good bread"})).headers["ETag"]
    assert bread
    with recorded_statements(app.state.database) as statements:
        saved = await author.put(
            f"{DRAFT}?autosave=true", json={**WHOLE, "body_markdown": "More."}, headers={"If-Match": etag}
        )

    assert saved.status_code == 200
    # Two for the account, one each for the article (twice: it is rendered before anything is locked), its tags and its
    # draft; the keyframe, the number, the text, the revision, its forerunner; the draft, and who made it.
    assert len(statements) <= 15, "\n".join(statements)


@pytest.mark.parametrize("begins", [True, False])
async def test_of_two_at_once_one_wins(live_users: Users, begins: bool) -> None:
    author, editor = await live_users.client(Role.AUTHOR), await live_users.client(Role.EDITOR)
    await publish(author, "Bread")
    headers = {"If-None-Match": "*"}
    if not begins:
        headers = {"If-Match": (await author.patch(DRAFT, json={"title": "Good bread"})).headers["ETag"]}

    answers = await asyncio.gather(
        *(
            client.put(DRAFT, json={"title": f"Bread {number}"}, headers=headers)
            for number, client in enumerate([author, editor] * 3)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 5]
    [winner] = [answer for answer in answers if answer.status_code == 200]
    assert {answer.headers["ETag"] for answer in answers} == {winner.headers["ETag"]}
    assert (await read(author, DRAFT)) == winner.json()


async def test_what_is_saved_without_a_condition_replaces_nothing_for_good(live_users: Users) -> None:
    clients = [await live_users.client(Role.EDITOR) for _ in range(4)]
    await publish(clients[0], "Bread")

    answers = await asyncio.gather(
        *(client.patch(DRAFT, json={"title": f"Bread {number}"}) for number, client in enumerate(clients))
    )

    assert {answer.status_code for answer in answers} == {200}
    titles = {revision["title"] for revision in await walk(clients[0], "/articles/bread/revisions")}
    assert titles >= {f"Bread {number}" for number in range(4)}


async def test_with_an_article_everything_of_it_is_gone(author: httpx.AsyncClient, session: AsyncSession) -> None:
    await publish(author, "Bread")
    await author.patch(DRAFT, json=WHOLE)

    await session.execute(delete(Article))
    await session.commit()

    for table in (Revision, RevisionText, ArticleCopy):
        assert await session.scalar(select(func.count()).select_from(table)) == 0
