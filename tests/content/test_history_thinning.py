"""Histories thin out: what is removed when, what never is, and that nobody's save suffers."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Revision, RevisionText
from app.content.queries import revisions
from app.content.services.thinning_out import ThinningOut
from app.core import clock
from app.core.client import COMMAND_LINE
from app.core.roles import Role
from app.unit_of_work import unit_of_work
from tests.support.jobs import run_chores
from tests.support.problems import problem_in
from tests.support.statements import recorded_statements
from tests.support.users import Users
from tests.support.writing import names, publish, read, walk, write

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATH = "/articles/bread/revisions"
DRAFT = "/articles/bread/draft"
LONG = " ".join(f"word{number}" for number in range(2000))


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


async def thin_out(app: FastAPI, **after: float) -> None:
    """As is done so long after the start."""
    state = app.state
    is_more = True
    with time_machine.travel(START + timedelta(**after), tick=False):
        while is_more:
            async with unit_of_work(state.database.writing, state.process, COMMAND_LINE) as unit:
                is_more = await ThinningOut(unit).run()


async def save(client: httpx.AsyncClient, body: str, **params: Any) -> int:
    saved = await client.patch(DRAFT, json={"body_markdown": body}, params=params)
    assert saved.status_code == 200, saved.text
    return int(saved.json()["version"])


async def test_a_superseded_autosave_goes_after_a_day(
    app: FastAPI, users: Users, author: httpx.AsyncClient, traveller: time_machine.Traveller
) -> None:
    await publish(author, "Bread")
    first, second = await save(author, "Flour.", autosave=True), await save(author, "Water.", autosave=True)

    await thin_out(app, days=1)
    assert (await read(author, f"{PATH}/{first}"))["body_markdown"] == "Flour."
    traveller.move_to(START + timedelta(days=1, seconds=1))
    await run_chores(app)
    # Logins have ended as well.
    author = await users.client(Role.EDITOR)

    problem_in(await author.get(f"{PATH}/{first}"), 404, "revision_not_found")
    assert (await read(author, f"{PATH}/{second}"))["body_markdown"] == "Water."
    gone = {"title": "Bread", "body_markdown": "Flour, salt.", "base_version": first}
    assert (await author.post(f"{DRAFT}/merges", json=gone)).json()["is_base_known"] is False


async def test_old_ones_thin_out_to_one_an_hour_and_then_one_a_day(
    app: FastAPI, users: Users, author: httpx.AsyncClient, traveller: time_machine.Traveller
) -> None:
    await write(author, "Bread")
    for minutes in range(0, 180, 30):
        traveller.move_to(START + timedelta(minutes=minutes))
        last = await save(await users.client(Role.EDITOR), f"After {minutes} minutes.")
    traveller.move_to(START)
    await thin_out(app, days=7)
    assert len(await walk(author, PATH)) == 7
    await thin_out(app, days=7, hours=3)
    assert names(await walk(author, PATH), "number") == [7, 5, 3]
    await thin_out(app, days=30, hours=3)

    assert names(await walk(author, PATH), "number") == [last] == [7]
    assert (await read(author, f"{PATH}/7"))["body_markdown"] == "After 150 minutes."


async def test_what_was_published_has_a_name_or_is_shown_stays(
    app: FastAPI, author: httpx.AsyncClient, session: AsyncSession
) -> None:
    await publish(author, "Bread", body_markdown="One.")
    for body in ("Two.", "Three.", "Four."):
        await save(author, body)
    await author.patch(f"{PATH}/3", json={"name": "Two"})
    await author.patch("/articles/bread?draft=keep", json={"body_markdown": "Five."})
    await thin_out(app, days=400)

    # 2 and 6 were published, 3 has a name, and 5 is the draft.
    assert names(await walk(author, PATH), "number") == [6, 5, 3, 2]
    assert (await read(author, DRAFT))["version"] == 5
    never = await session.scalars(select(Revision.number).where(Revision.thin_out_at.is_(None)))
    assert sorted(never) == [2, 3, 6]

    # Without its name it is one like any other, and so is what the draft was.
    await author.patch(f"{PATH}/3", json={"name": None})
    await author.delete(DRAFT)
    await thin_out(app, days=408)
    assert names(await walk(author, PATH), "number") == [6, 2]


async def test_what_is_published_later_is_not_lost_before(app: FastAPI, author: httpx.AsyncClient) -> None:
    await publish(author, "Bread", body_markdown="One.")
    draft = await save(author, "Two.")
    for days in range(0, 200, 20):
        await thin_out(app, days=days)

    assert names(await walk(author, PATH), "number") == [draft, 2]
    assert (await author.put("/articles/bread/publication")).status_code == 200
    assert (await read(author, f"{PATH}/{draft + 1}"))["body_markdown"] == "Two."


async def test_texts_that_nothing_needs_go_and_all_others_stay_readable(
    app: FastAPI, author: httpx.AsyncClient, session: AsyncSession
) -> None:
    await publish(author, "Bread", body_markdown=LONG)
    for number in range(20):
        await save(author, f"{LONG} {number} {'x' * number}", autosave=True)
    before = await session.scalar(select(func.count()).select_from(RevisionText))

    await thin_out(app, days=2)

    left = await session.scalar(select(func.count()).select_from(RevisionText))
    # The text of the draft, perhaps with what it is compared with, and the published one.
    assert before == 21
    assert left in {2, 3}
    for revision in await walk(author, PATH):
        assert (await read(author, f"{PATH}/{revision['number']}"))["body_markdown"].startswith(LONG)


async def test_nothing_is_looked_at_before_it_is_time(app: FastAPI, author: httpx.AsyncClient) -> None:
    for number in range(3):
        await publish(author, f"Bread {number}")
    await thin_out(app, days=8)
    with recorded_statements(app.state.database) as statements:
        await thin_out(app, days=9)

    assert len(statements) == 1


async def test_an_index_says_what_is_due(session: AsyncSession) -> None:
    statement = revisions.articles_to_thin_out(clock.now(), 20)
    dialect = session.get_bind().dialect
    sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    if dialect.name == "postgresql":
        await session.execute(text("SET LOCAL enable_seqscan = off"))
    explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    plan = "\n".join(map(str, (await session.execute(text(f"{explain} {sql}"))).all()))

    assert "ix_revisions_thin_out_at" in plan


async def thin_out_as_if_all_were_old(app: FastAPI) -> None:
    """Without travelling, as others are writing."""
    old = clock.now() - timedelta(days=2)
    for _ in range(5):
        async with app.state.database.writing() as session:
            superseded = update(Revision).where(Revision.superseded_at.is_not(None))
            await session.execute(superseded.values(superseded_at=old, thin_out_at=old))
            await session.commit()
        async with unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE) as unit:
            await ThinningOut(unit).run()


async def test_saving_goes_on_meanwhile(live_app: FastAPI, live_users: Users) -> None:
    authors = [await live_users.client(Role.EDITOR) for _ in range(3)]
    await publish(authors[0], "Bread", body_markdown=LONG)
    for number in range(10):
        await save(authors[0], f"{LONG} {number}", autosave=True)

    async def write_on(client: httpx.AsyncClient, name: str) -> list[tuple[int, str]]:
        bodies = [f"{LONG} {name}{number}" for number in range(8)]
        return [(await save(client, body, autosave=number % 2 == 0), body) for number, body in enumerate(bodies)]

    writing = [asyncio.create_task(write_on(client, str(index))) for index, client in enumerate(authors)]
    await asyncio.gather(*writing, *(thin_out_as_if_all_were_old(live_app) for _ in range(4)))

    bodies = {number: body for written in writing for number, body in written.result()}
    left = names(await walk(authors[0], PATH, limit=100), "number")
    explicit = {number for each in writing for number, _ in each.result()[1::2]}
    assert explicit <= set(left)
    for number in left:
        text = (await read(authors[0], f"{PATH}/{number}"))["body_markdown"]
        assert text == bodies.get(number, text)
