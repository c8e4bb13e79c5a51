"""The audit log: what admins read in it, and that nobody changes it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditEvent
from app.core import clock
from app.core.roles import Role
from tests.support.problems import fields_of, problem_in
from tests.support.statements import recorded_statements
from tests.support.users import Users

NOW = clock.now()


@pytest.fixture
async def admin(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.ADMIN, username="root")


def event(action: str = "login.failed", **values: Any) -> AuditEvent:
    return AuditEvent(
        **{"action": action, "ip_address": "", "user_agent": "", "request_id": "-", "details": {}, **values}
    )


async def store(session: AsyncSession, *events: AuditEvent) -> None:
    for each in events:
        session.add(each)
        # One by one: they are told apart by the order of their ids.
        await session.flush()
    await session.commit()


async def actions(client: httpx.AsyncClient, **query: object) -> list[str]:
    response = await client.get("/audit-events", params={key: str(value) for key, value in query.items()})
    assert response.status_code == 200, response.text
    return [item["action"] for item in response.json()["items"]]


async def test_an_event_says_who_did_what_to_what_and_from_where(
    users: Users, session: AsyncSession, admin: httpx.AsyncClient
) -> None:
    anna = await users.user(username="anna")
    stored = event(
        "article.deleted",
        actor_id=anna.id,
        subject_type="articles",
        subject_id=7,
        ip_address="2001:db8::1",
        user_agent="A browser",
        request_id="r-1",
        details={"author": 3},
        at=NOW,
    )
    await store(session, stored)

    [shown] = (await admin.get("/audit-events")).json()["items"]

    assert shown.pop("at") == NOW.isoformat().replace("+00:00", "Z")
    assert shown == {
        "id": stored.id,
        "action": "article.deleted",
        "actor": {"id": anna.id, "username": "anna"},
        "subject_type": "articles",
        "subject_id": 7,
        "ip_address": "2001:db8::1",
        "user_agent": "A browser",
        "request_id": "r-1",
        "details": {"author": 3},
    }


async def test_nobody_is_the_actor_of_what_nobody_is_known_for(session: AsyncSession, admin: httpx.AsyncClient) -> None:
    await store(session, event(), event(actor_id=10**15))

    gone, nobody = (await admin.get("/audit-events")).json()["items"]

    assert (nobody["actor"], gone["actor"]) == (None, {"id": 10**15, "username": None})


async def test_the_newest_event_comes_first_and_pages_follow_each_other(
    session: AsyncSession, admin: httpx.AsyncClient
) -> None:
    await store(session, *(event("tag.renamed", subject_id=number) for number in range(5)))

    first = await admin.get("/audit-events", params={"limit": 2, "action": "tag."})
    second = await admin.get(first.headers["Link"].partition(">")[0].removeprefix("</api/v1"))
    third = await admin.get("/audit-events", params={"limit": 2, "cursor": second.json()["next_cursor"]})

    pages = [[item["subject_id"] for item in page.json()["items"]] for page in (first, second, third)]
    assert pages == [[4, 3], [2, 1], [0]]
    assert third.json()["next_cursor"] is None
    assert "Link" not in third.headers


async def test_events_are_found_by_each_of_their_sides(session: AsyncSession, admin: httpx.AsyncClient) -> None:
    await store(
        session,
        event("login.failed", ip_address="203.0.113.7", at=NOW - timedelta(days=2)),
        event("login.succeeded", actor_id=5, subject_type="users", subject_id=5, at=NOW - timedelta(days=1)),
        event("tag.merged", actor_id=6, subject_type="tags", subject_id=5, at=NOW),
    )
    day, now = (NOW - timedelta(days=1)).isoformat(), NOW.isoformat()

    assert await actions(admin, action="login.failed") == ["login.failed"]
    assert await actions(admin, action="login.") == ["login.succeeded", "login.failed"]
    assert await actions(admin, actor_id=5) == ["login.succeeded"]
    assert await actions(admin, subject_type="users", subject_id=5) == ["login.succeeded"]
    assert await actions(admin, subject_id=5) == ["tag.merged", "login.succeeded"]
    assert await actions(admin, ip_address="203.0.113.7") == ["login.failed"]
    assert await actions(admin, since=day) == ["tag.merged", "login.succeeded"]
    assert await actions(admin, until=now) == ["login.succeeded", "login.failed"]
    assert await actions(admin, since=day, until=now, actor_id=6) == []


@pytest.mark.parametrize("action", ["login", "login.fail", "nothing.happened", "logout."])
@pytest.mark.one_database
async def test_an_action_that_does_not_exist_is_not_said_never_to_have_happened(
    admin: httpx.AsyncClient, action: str
) -> None:
    problem = problem_in(await admin.get("/audit-events", params={"action": action}), 422, "unknown_audit_action")

    assert fields_of(problem) == ["action"]


@pytest.mark.parametrize("action", ["account.email_confirmed", "account.address_confirmed", "account."])
async def test_events_are_found_by_the_former_name_of_their_action_too(
    session: AsyncSession, admin: httpx.AsyncClient, action: str
) -> None:
    await store(session, event("account.address_confirmed"), event("account.email_confirmed"), event())

    assert await actions(admin, action=action) == ["account.email_confirmed", "account.address_confirmed"]


async def test_an_underscore_stands_for_itself(session: AsyncSession, admin: httpx.AsyncClient) -> None:
    await store(session, event("second_factor.failed"), event("secondxfactor.failed"))

    assert await actions(admin, action="second_factor.") == ["second_factor.failed"]


@pytest.mark.parametrize(
    "query",
    ["action=%25", "action=Login", "action=.", "action=", "actor_id=0", f"actor_id={2**63}", "subject_id=x",
     "subject_type=%00", f"ip_address={'1' * 46}", "since=1700000000", "since=2026-01-01", "until=yesterday",
     "limit=101", "format=jsonl"],
)  # fmt: skip
@pytest.mark.one_database
async def test_a_filter_that_makes_no_sense_is_refused(admin: httpx.AsyncClient, query: str) -> None:
    problem = problem_in(await admin.get(f"/audit-events?{query}"), 422, "validation_error")

    assert fields_of(problem) == [query.partition("=")[0]]


async def test_a_cursor_of_another_list_is_refused(admin: httpx.AsyncClient) -> None:
    problem_in(await admin.get("/audit-events?cursor=WyJ4Il0"), 422, "invalid_cursor")


async def test_a_page_takes_the_same_queries_however_long_it_is(
    app: FastAPI, users: Users, session: AsyncSession, admin: httpx.AsyncClient
) -> None:
    counts = []
    for number in (3, 30):
        accounts = [await users.user() for _ in range(number)]
        await store(session, *(event(actor_id=account.id) for account in accounts))
        with recorded_statements(app.state.database) as statements:
            page = (await admin.get("/audit-events?limit=100")).json()
        assert all(item["actor"]["username"] for item in page["items"])
        counts.append((len(page["items"]), len(statements)))

    assert counts == [(3, 2), (33, 2)]


@pytest.mark.parametrize("change", [update(AuditEvent).values(action="nothing"), delete(AuditEvent)])
async def test_what_has_happened_cannot_be_changed(
    session: AsyncSession, admin: httpx.AsyncClient, change: Any
) -> None:
    await store(session, event("login.failed"))

    with pytest.raises(DBAPIError, match="append-only"):
        await session.execute(change)
    await session.rollback()

    assert await actions(admin) == ["login.failed"]
