"""Publishing later, and for how long."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import update

from app.accounts.models import User
from app.content.jobs import PUBLICATIONS
from app.core.roles import Role
from tests.support.jobs import run_due
from tests.support.mails import mails_waiting
from tests.support.problems import fields_of, problem_in
from tests.support.rows import an_article
from tests.support.users import Users
from tests.support.writing import names, publish, read, walk, write

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ARTICLE = "/articles/an-article"
PUBLICATION = f"{ARTICLE}/publication"
SCHEDULE = f"{ARTICLE}/schedule"
DRAFT = f"{ARTICLE}/draft"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def after(**span: float) -> str:
    return (NOW + timedelta(**span)).isoformat()


async def schedule(author: httpx.AsyncClient, **fields: Any) -> Any:
    response = await author.put(PUBLICATION, json=fields)
    assert response.status_code == 200, response.text
    return response.json()


async def go_to(app: FastAPI, clock: time_machine.Traveller, **span: float) -> None:
    clock.move_to(NOW + timedelta(**span))
    await run_due(app, PUBLICATIONS)


async def test_a_draft_is_published_at_its_time_and_not_before(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await write(author, body_markdown="Text")
    shown = await schedule(author, publish_at=after(minutes=1))
    assert (shown["status"], shown["published_at"]) == ("draft", None)
    assert shown["schedule"]["publish_at"] == "2026-06-01T12:01:00Z"
    assert shown["schedule"]["is_current"] is True
    assert await read(author, SCHEDULE) == shown["schedule"]
    assert (await read(author, DRAFT))["schedule"] == shown["schedule"]

    await go_to(app, clock, seconds=59)
    problem_in(await anonymous.get(ARTICLE), 404, "article_not_found")
    await go_to(app, clock, minutes=1)

    published = await read(anonymous, ARTICLE)
    assert (published["status"], published["published_at"]) == ("published", "2026-06-01T12:01:00Z")
    problem_in(await author.get(SCHEDULE), 404, "schedule_not_found")
    problem_in(await author.get(DRAFT), 404, "draft_not_found")
    assert await run_due(app, PUBLICATIONS) == 0


async def test_what_was_written_since_stays_beside_what_is_published(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await write(author, body_markdown="Then", tags=["then"])
    await schedule(author, publish_at=after(minutes=1))
    changed = (await author.patch(DRAFT, json={"body_markdown": "Now", "title": "New", "tags": ["now"]})).json()
    assert changed["schedule"]["is_current"] is False

    await go_to(app, clock, minutes=1)

    published = await read(anonymous, ARTICLE)
    assert (published["body_markdown"], published["title"], names(published["tags"])) == (
        "Then",
        "An article",
        ["then"],
    )
    draft = await read(author, DRAFT)
    assert (draft["body_markdown"], draft["title"], draft["tags"]) == ("Now", "New", ["now"])
    assert (await author.put(PUBLICATION)).json()["body_markdown"] == "Now"


async def test_editing_says_that_the_schedule_holds_the_earlier_text(author: httpx.AsyncClient) -> None:
    await write(author, body_markdown="Then")
    await schedule(author, publish_at=after(minutes=1))

    edited = (await author.patch(ARTICLE, json={"body_markdown": "Now"})).json()
    undone = (await author.patch(DRAFT, json={"body_markdown": "Then"})).json()

    assert (edited["schedule"]["is_current"], undone["schedule"]["is_current"]) == (False, True)
    assert edited["version"] > edited["schedule"]["version"]


async def test_scheduling_again_takes_the_new_text(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await publish(author, body_markdown="Old")
    await author.patch(DRAFT, json={"body_markdown": "Then"})
    first = (await schedule(author, publish_at=after(minutes=1)))["schedule"]
    await author.patch(DRAFT, json={"body_markdown": "Now"})
    second = (await schedule(author, publish_at=after(minutes=1)))["schedule"]
    assert (second["version"] > first["version"], second["is_current"]) == (True, True)

    before = await read(anonymous, ARTICLE)
    await go_to(app, clock, minutes=1)

    assert before["body_markdown"] == "Old"
    now = await read(anonymous, ARTICLE)
    assert (now["body_markdown"], now["published_at"]) == ("Now", before["published_at"])
    problem_in(await author.get(DRAFT), 404, "draft_not_found")


async def test_a_working_copy_that_was_changed_since_stays(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    published = await publish(author, body_markdown="Old")
    await author.patch(DRAFT, json={"body_markdown": "Then"})
    clock.shift(timedelta(seconds=10))
    await schedule(author, publish_at=after(minutes=1))
    assert (await read(anonymous, ARTICLE))["updated_at"] == published["updated_at"]
    await author.patch(DRAFT, json={"body_markdown": "Now"})

    await go_to(app, clock, minutes=1)

    assert (await read(anonymous, ARTICLE))["body_markdown"] == "Then"
    assert (await read(author, DRAFT))["body_markdown"] == "Now"


async def test_a_discarded_draft_is_published_all_the_same(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await publish(author, body_markdown="Old")
    await author.patch(DRAFT, json={"body_markdown": "Then"})
    await schedule(author, publish_at=after(minutes=1))
    assert (await author.delete(DRAFT)).status_code == 204
    assert (await read(author, SCHEDULE))["is_current"] is False
    # There is nothing else that could be meant.
    await schedule(author, publish_at=after(minutes=2))

    await go_to(app, clock, minutes=1)
    assert (await read(anonymous, ARTICLE))["body_markdown"] == "Old"
    await go_to(app, clock, minutes=2)

    assert (await read(anonymous, ARTICLE))["body_markdown"] == "Then"


async def test_the_end_of_a_publication(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await write(author)
    await schedule(author, publish_at=after(minutes=1), unpublish_at=after(minutes=2))

    await go_to(app, clock, minutes=1)
    assert (await anonymous.get(ARTICLE)).status_code == 200
    left = await read(author, SCHEDULE)
    assert (left["publish_at"], left["unpublish_at"], left["version"]) == (None, "2026-06-01T12:02:00Z", None)
    await go_to(app, clock, minutes=2)

    problem_in(await anonymous.get(ARTICLE), 404, "article_not_found")
    assert (await read(author, ARTICLE))["status"] == "draft"
    problem_in(await author.get(SCHEDULE), 404, "schedule_not_found")


async def test_after_a_long_outage_it_has_been_published_and_has_ended(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await write(author)
    await schedule(author, publish_at=after(minutes=1), unpublish_at=after(minutes=2))

    await go_to(app, clock, minutes=3)

    problem_in(await anonymous.get(ARTICLE), 404, "article_not_found")
    assert (await read(author, ARTICLE))["published_at"] == "2026-06-01T12:01:00Z"
    problem_in(await author.get(SCHEDULE), 404, "schedule_not_found")


async def test_an_end_alone_publishes_at_once(author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await write(author)

    shown = await schedule(author, unpublish_at=after(minutes=1))

    assert shown["status"] == (await read(anonymous, ARTICLE))["status"] == "published"
    assert (shown["schedule"]["publish_at"], shown["schedule"]["is_current"]) == (None, None)


async def test_an_end_stays_unless_it_is_changed(author: httpx.AsyncClient) -> None:
    await publish(author)
    await schedule(author, unpublish_at=after(minutes=5))
    await author.patch(DRAFT, json={"title": "New"})

    kept = await schedule(author, publish_at=after(minutes=1))
    by_hand = await schedule(author)
    gone = await schedule(author, unpublish_at=None)

    assert kept["schedule"]["unpublish_at"] == by_hand["schedule"]["unpublish_at"] == "2026-06-01T12:05:00Z"
    assert (by_hand["schedule"]["publish_at"], by_hand["title"], "schedule" in gone) == (None, "New", False)


@pytest.mark.parametrize("given", ["2026-05-01T00:00:00Z", "2026-06-01T12:00:30Z"])
async def test_the_date_that_is_shown(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller, given: str
) -> None:
    await write(author)
    await schedule(author, publish_at=after(minutes=1), published_at=given)

    await go_to(app, clock, minutes=1)

    assert (await read(anonymous, ARTICLE))["published_at"] == given


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"publish_at": after(minutes=-1)}, "scheduled_too_early", "publish_at"),
        ({"publish_at": after()}, "scheduled_too_early", "publish_at"),
        ({"unpublish_at": after(minutes=-1)}, "scheduled_too_early", "unpublish_at"),
        ({"publish_at": after(days=4000)}, "scheduled_too_late", "publish_at"),
        ({"unpublish_at": after(days=4000)}, "scheduled_too_late", "unpublish_at"),
        ({"publish_at": after(minutes=2), "unpublish_at": after(minutes=2)}, "schedule_ends_first", "unpublish_at"),
        ({"publish_at": after(minutes=2), "published_at": after(minutes=3)}, "publication_in_future", "published_at"),
    ],
)
async def test_times_that_cannot_be(author: httpx.AsyncClient, fields: Any, code: str, field: str) -> None:
    await write(author)

    problem = problem_in(await author.put(PUBLICATION, json=fields), 409, code)

    assert fields_of(problem) == [field]
    assert (await read(author, DRAFT))["schedule"] is None
    assert (await read(author, ARTICLE))["status"] == "draft"


async def test_what_is_published_already_is_not_scheduled(author: httpx.AsyncClient) -> None:
    await publish(author)

    problem_in(await author.put(PUBLICATION, json={"publish_at": after(minutes=1)}), 409, "nothing_to_publish")


async def test_withdrawing(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await write(author)
    await schedule(author, publish_at=after(minutes=1), unpublish_at=after(minutes=2))

    assert (await author.delete(SCHEDULE)).status_code == 204

    problem_in(await author.delete(SCHEDULE), 404, "schedule_not_found")
    await go_to(app, clock, minutes=3)
    problem_in(await anonymous.get(ARTICLE), 404, "article_not_found")


async def test_it_is_withdrawn_only_by_who_has_seen_it(author: httpx.AsyncClient) -> None:
    await write(author)
    await schedule(author, publish_at=after(minutes=1))
    tag = (await author.get(SCHEDULE)).headers["ETag"]
    await schedule(author, publish_at=after(minutes=2))

    problem_in(await author.delete(SCHEDULE, headers={"If-Match": tag}), 412, "precondition_failed")

    tag = (await author.get(SCHEDULE)).headers["ETag"]
    assert (await author.delete(SCHEDULE, headers={"If-Match": tag})).status_code == 204


async def test_an_old_version_is_not_scheduled(author: httpx.AsyncClient) -> None:
    await write(author)
    tag = (await author.get(DRAFT)).headers["ETag"]
    await author.patch(DRAFT, json={"title": "New"})

    response = await author.put(PUBLICATION, json={"publish_at": after(minutes=1)}, headers={"If-Match": tag})

    problem_in(response, 412, "precondition_failed")
    problem_in(await author.get(SCHEDULE), 404, "schedule_not_found")


@pytest.mark.parametrize("path", [ARTICLE, PUBLICATION])
async def test_unpublishing_and_deleting_withdraw(
    app: FastAPI,
    author: httpx.AsyncClient,
    editor: httpx.AsyncClient,
    clock: time_machine.Traveller,
    path: str,
) -> None:
    await publish(author)
    await author.patch(DRAFT, json={"title": "New"})
    await schedule(author, publish_at=after(minutes=1), unpublish_at=after(minutes=2))

    assert (await author.delete(path)).status_code == 204

    await editor.put(f"{ARTICLE}/restoration")
    problem_in(await author.get(SCHEDULE), 404, "schedule_not_found")
    before = await read(author, ARTICLE)
    await go_to(app, clock, minutes=3)
    assert await read(author, ARTICLE) == before


async def test_publishing_by_hand_withdraws_what_was_to_be_published(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await write(author, body_markdown="Then")
    await schedule(author, publish_at=after(minutes=1))
    await author.patch(DRAFT, json={"body_markdown": "Now"})

    assert "schedule" not in await schedule(author)

    await go_to(app, clock, minutes=1)
    assert (await read(anonymous, ARTICLE))["body_markdown"] == "Now"


async def test_a_scheduled_slug_is_reserved_and_then_used(
    app: FastAPI, author: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await publish(author)
    await author.patch(DRAFT, json={"slug": "better"})
    await schedule(author, publish_at=after(minutes=1))

    await go_to(app, clock, minutes=1)

    assert (await read(anonymous, "/articles/better"))["slug"] == "better"


async def _expect_failure(app: FastAPI, editor: httpx.AsyncClient, failure: str) -> None:
    shown = await read(editor, SCHEDULE)
    assert (shown["failure"], shown["failed_at"], shown["publish_at"]) == (
        failure,
        "2026-06-01T12:01:00Z",
        "2026-06-01T12:01:00Z",
    )
    assert (await read(editor, ARTICLE))["status"] == "draft"
    assert await walk(editor, "/articles", status="scheduled") == []
    # It is not tried again.
    assert await run_due(app, PUBLICATIONS) == 0
    assert (await editor.delete(SCHEDULE)).status_code == 204


async def test_the_author_may_not_publish_any_more(
    app: FastAPI, users: Users, editor: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    owner = await users.user(Role.AUTHOR)
    author = await users.client_for(owner)
    await write(author, "An article")
    await schedule(author, publish_at=after(minutes=1))
    async with app.state.database.writing() as session:
        await session.execute(update(User).where(User.id == owner.id).values(is_active=False))
        await session.commit()

    await go_to(app, clock, minutes=1)

    await _expect_failure(app, editor, "author_inactive")
    (mail,) = [mail for mail in await mails_waiting(app) if mail.recipient == owner.email]
    assert "could not be published" in mail.subject
    assert "An article" in mail.text


async def test_whoever_scheduled_it_may_not_any_more(
    app: FastAPI, users: Users, author: httpx.AsyncClient, editor: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    other = await users.user(Role.EDITOR)
    await write(author)
    await schedule(await users.client_for(other), publish_at=after(minutes=1))
    async with app.state.database.writing() as session:
        await session.execute(update(User).where(User.id == other.id).values(role=Role.AUTHOR))
        await session.commit()

    await go_to(app, clock, minutes=1)

    await _expect_failure(app, editor, "not_allowed")
    assert len({mail.recipient for mail in await mails_waiting(app)}) == 2


async def test_another_article_has_its_slug_by_then(
    app: FastAPI, author: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await write(author, body_markdown="Text", tags=["tag"])
    await schedule(author, publish_at=after(minutes=1), unpublish_at=after(minutes=2))
    await author.patch(DRAFT, json={"slug": "moved"})
    problem_in(await author.post("/articles", json={"title": "Other", "slug": "an-article"}), 409, "slug_taken")
    # Only by other means can somebody get it.
    async with app.state.database.writing() as session:
        session.add(an_article((await read(author, "/users/me"))["id"], "an-article"))
        await session.commit()
    before = await read(author, "/articles/moved")

    await go_to(app, clock, minutes=1)

    assert await read(author, "/articles/moved") == before
    assert (await read(author, "/articles/moved/schedule"))["failure"] == "slug_taken"
    # What is not published has no end.
    await go_to(app, clock, minutes=2)
    problem_in(await author.get("/articles/moved/schedule"), 404, "schedule_not_found")


async def test_lists(users: Users, author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    for hours in (2, 1, 3):
        slug = (await write(author, f"In {hours}"))["slug"]
        await author.put(f"/articles/{slug}/publication", json={"publish_at": after(minutes=hours)})
    await write(author, "A draft")
    other, editor = await users.client(Role.AUTHOR), await users.client(Role.EDITOR)

    problem_in(await anonymous.get("/articles", params={"status": "scheduled"}), 401, "not_authenticated")
    assert await walk(other, "/articles", status="scheduled") == []
    for client in (author, editor):
        assert names(await walk(client, "/articles", status="scheduled", limit=1)) == ["in-3", "in-2", "in-1"]
        soonest = await walk(client, "/articles", status="scheduled", sort="oldest", limit=2)
        assert names(soonest) == ["in-1", "in-2", "in-3"]
    skipped = await read(author, "/articles", status="scheduled", skip=1)
    assert names(skipped["items"]) == ["in-2", "in-1"]
    by_title = await walk(author, "/articles", status="scheduled", sort="title")
    assert names(by_title) == ["in-1", "in-2", "in-3"]


async def test_interference_is_recorded(author: httpx.AsyncClient, editor: httpx.AsyncClient, users: Users) -> None:
    await write(author)
    await schedule(author, publish_at=after(minutes=1))
    await author.delete(SCHEDULE)
    await schedule(editor, publish_at=after(minutes=1))
    await editor.delete(SCHEDULE)

    events = await walk(await users.client(Role.ADMIN), "/audit-events")

    found = [event["action"] for event in events if "schedule" in event["action"]]
    assert found == ["article.schedule_withdrawn", "article.scheduled"]


async def test_a_category_that_only_the_scheduled_text_has_is_deleted(
    app: FastAPI,
    author: httpx.AsyncClient,
    editor: httpx.AsyncClient,
    anonymous: httpx.AsyncClient,
    clock: time_machine.Traveller,
) -> None:
    await editor.post("/categories", json={"name": "Above"})
    await editor.post("/categories", json={"name": "Below", "parent": "above"})
    await write(author, category="below")
    await schedule(author, publish_at=after(minutes=1))
    await author.patch(DRAFT, json={"category": None})

    assert (await editor.delete("/categories/below")).status_code == 204

    await go_to(app, clock, minutes=1)
    assert (await read(anonymous, ARTICLE))["category"]["slug"] == "above"
