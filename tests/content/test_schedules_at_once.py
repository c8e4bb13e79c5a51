"""Several do something to a schedule at once; whoever comes first, nothing happens twice or by halves."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from app.content.jobs import PUBLICATIONS
from app.content.models import ArticleCopy, Purpose, Reason, Revision, Schedule
from app.core.roles import Role
from app.queue.models import Job
from tests.support.jobs import job_worker
from tests.support.users import Users
from tests.support.writing import read, write

ARTICLE = "/articles/an-article"
PUBLICATION = f"{ARTICLE}/publication"
SCHEDULE = f"{ARTICLE}/schedule"
DRAFT = f"{ARTICLE}/draft"
LATER = "2035-01-01T00:00:00Z"


@pytest.fixture
async def author(live_users: Users) -> httpx.AsyncClient:
    return await live_users.client(Role.AUTHOR)


async def _let_it_be_due(app: FastAPI) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with app.state.database.writing() as session:
        await session.execute(update(Schedule).values(publish_at=past))
        await session.execute(update(Job).where(Job.kind == PUBLICATIONS.name).values(run_at=past))
        await session.commit()


async def _scheduled(app: FastAPI, author: httpx.AsyncClient) -> None:
    await write(author, body_markdown="Then")
    assert (await author.put(PUBLICATION, json={"publish_at": LATER})).status_code == 200
    await _let_it_be_due(app)


async def _carry_out(app: FastAPI) -> int:
    """As two servers do it."""
    number: int = sum(await asyncio.gather(*(job_worker(app).run_due(PUBLICATIONS) for _ in range(2))))
    return number


async def _count(app: FastAPI, *conditions: Any) -> int:
    async with app.state.database.reading() as session:
        return int(await session.scalar(select(func.count()).where(*conditions)) or 0)


def _publications(app: FastAPI) -> Any:
    return _count(app, Revision.reason == Reason.PUBLISH)


async def test_two_servers_publish_it_once(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    await _scheduled(live_app, author)

    assert await _carry_out(live_app) == 1

    assert (await read(author, ARTICLE))["status"] == "published"
    assert await _publications(live_app) == 1
    assert await _count(live_app, ArticleCopy.id > 0) == 0


async def test_it_is_scheduled_several_times(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    await write(author, body_markdown="Then")

    answers = await asyncio.gather(
        *(author.put(PUBLICATION, json={"publish_at": f"2035-01-01T00:00:0{n}Z"}) for n in range(5))
    )

    assert [answer.status_code for answer in answers] == [200] * 5
    assert await _count(live_app, ArticleCopy.purpose == Purpose.SCHEDULED) == 1
    shown = await read(author, SCHEDULE)
    assert shown in [answer.json()["schedule"] for answer in answers]


async def test_it_is_withdrawn_while_it_is_published(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    await _scheduled(live_app, author)

    _, answer = await asyncio.gather(_carry_out(live_app), author.delete(SCHEDULE))

    status = (await read(author, ARTICLE))["status"]
    assert (answer.status_code, status) in {(204, "draft"), (404, "published")}
    assert await _publications(live_app) == (status == "published")
    assert await _count(live_app, ArticleCopy.id > 0) == 0


async def test_it_is_edited_while_it_is_published(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    await _scheduled(live_app, author)

    _, answer = await asyncio.gather(_carry_out(live_app), author.patch(DRAFT, json={"body_markdown": "Now"}))

    assert answer.status_code == 200, answer.text
    assert (await read(author, ARTICLE))["body_markdown"] == "Then"
    assert (await read(author, DRAFT))["body_markdown"] == "Now"


async def test_it_is_scheduled_anew_while_it_is_published(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    await _scheduled(live_app, author)

    _, answer = await asyncio.gather(_carry_out(live_app), author.put(PUBLICATION, json={"publish_at": LATER}))

    status = (await read(author, ARTICLE))["status"]
    assert (answer.status_code, status) in {(200, "draft"), (409, "published")}


async def test_it_is_published_by_hand_while_it_is_published(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    await _scheduled(live_app, author)

    _, answer = await asyncio.gather(_carry_out(live_app), author.put(PUBLICATION))

    assert answer.status_code == 200
    assert await _publications(live_app) == 1
    assert (await author.get(SCHEDULE)).status_code == 404
