"""Notices: at once when something is new, and in one mail when it repeats itself."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select

from app.accounts import notices as kinds
from app.core.client import Client
from app.mail.notices import NOTICES, PAUSE, NoticeKind, declared_notices
from app.queue.claims import Claims
from app.queue.kinds import registrations
from app.queue.models import Job
from app.queue.runner import Runner
from app.unit_of_work import unit_of_work
from tests.support.jobs import run_due
from tests.support.mails import WaitingMail, mails_waiting

ANNA = "anna@example.com"
# What the templates want to know.
VALUES: dict[str, str | int] = {
    "what": "something was changed",
    "since": "now",
    "new_email": "new@example.com",
    "days": 7,
    "day": "1 May",
    "count": 2,
    "title": "An article",
    "time": "1 May",
    "why": "because",
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def tell(
    app: FastAPI, kind: NoticeKind, topic: str = "", recipient: str = ANNA, name: str = "anna", **values: str | int
) -> None:
    async with unit_of_work(app.state.database.writing, app.state.process, Client("", "")) as unit:
        await unit.notices.put(kind, recipient, name, topic, **{**VALUES, **values})


async def told(app: FastAPI) -> list[WaitingMail]:
    """The mails that leave now, of pauses that have ended too."""
    await run_due(app, NOTICES)
    return await mails_waiting(app)


async def change(app: FastAPI, what: str, topic: str | None = None) -> None:
    await tell(app, kinds.SECURITY_CHANGED, topic or what, what=what)


@pytest.mark.parametrize("kind", declared_notices().values(), ids=declared_notices())
async def test_a_flood_of_any_kind_is_one_mail_now_and_one_a_pause(
    app: FastAPI, clock: time_machine.Traveller, kind: NoticeKind
) -> None:
    sent = []
    for _ in range(10):
        await tell(app, kind)
        clock.shift(PAUSE / 5)
        sent.append(len(await told(app)))

    assert sent == [1, 1, 1, 1, 2, 2, 2, 2, 2, 3]
    first, *later = await told(app)
    assert first.subject == f"{kind.subject} (Colophon)"
    assert [mail.subject for mail in later] == [f"{kind.subject}, {times} times (Colophon)" for times in (4, 5)]


async def test_after_a_quiet_pause_it_is_told_at_once_again(app: FastAPI, clock: time_machine.Traveller) -> None:
    await tell(app, kinds.PASSWORD_CHANGED)
    clock.shift(PAUSE)
    assert len(await told(app)) == 1

    await tell(app, kinds.PASSWORD_CHANGED)

    assert len(await told(app)) == 2


async def test_a_flood_keeps_nothing_else_from_the_owner(app: FastAPI, clock: time_machine.Traveller) -> None:
    for number in range(20):
        await change(app, f"your username is now anna{number}", "username")
    await change(app, "a passkey was added to your account")
    await tell(app, kinds.PASSWORD_CHANGED)
    await tell(app, kinds.EMAIL_CHANGED, link="https://blog.example.com/undo")

    now = await told(app)
    assert len(now) == 4
    assert "passkey was added" in now[1].text
    assert "password of your account was changed" in now[2].text
    assert "https://blog.example.com/undo" in now[3].text

    await change(app, "a passkey was added to your account")
    for number in range(20):
        await change(app, f"your username is now bert{number}", "username")
    clock.shift(PAUSE)

    (later,) = (await told(app))[4:]
    assert "A passkey was added to your account." in later.text
    assert "Your username is now bert19. (This happened 39 times.)" in later.text
    assert "Your username is now bert19. (This happened 39 times.)" in later.html


async def test_taking_turns_between_topics_helps_no_flood(app: FastAPI, clock: time_machine.Traveller) -> None:
    topics = ["a passkey was added", "a passkey was removed", "a token was created"]
    for _ in range(12):
        for topic in topics:
            await change(app, topic)
        clock.shift(timedelta(minutes=5))
        await told(app)

    assert len(await told(app)) == len(topics) + timedelta(hours=1) // PAUSE


async def test_numbers_that_add_up_are_added(app: FastAPI, clock: time_machine.Traveller) -> None:
    for count in (1, 2, 3):
        await tell(app, kinds.ARTICLES_HANDED_OVER, count=count)
    clock.shift(PAUSE)

    first, rest = await told(app)

    assert ("1 article is" in first.text, "5 articles are" in rest.text) == (True, True)


async def test_everybody_has_pauses_of_their_own(app: FastAPI) -> None:
    for recipient in (ANNA, "bert@example.com", f"{'x' * 60}@{'y' * 60}.{'z' * 60}.{'w' * 60}.example.com"):
        for _ in range(3):
            await tell(app, kinds.PASSWORD_CHANGED, recipient=recipient)

    assert set(Counter(mail.recipient for mail in await told(app)).values()) == {1}


async def test_whoever_is_renamed_meanwhile_is_greeted_by_the_new_name(
    app: FastAPI, clock: time_machine.Traveller
) -> None:
    await tell(app, kinds.PASSWORD_CHANGED)
    await tell(app, kinds.PASSWORD_CHANGED, name="antonia")
    clock.shift(PAUSE)

    assert (await told(app))[1].text.startswith("Hello antonia,")


async def test_a_transaction_that_fails_tells_nothing(app: FastAPI) -> None:
    async def fail() -> None:
        async with unit_of_work(app.state.database.writing, app.state.process, Client("", "")) as unit:
            await unit.notices.put(kinds.PASSWORD_CHANGED, ANNA, "anna")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await told(app) == []

    await tell(app, kinds.PASSWORD_CHANGED)

    assert len(await told(app)) == 1


async def test_of_many_at_once_one_is_told_at_once_and_none_is_lost(
    live_app: FastAPI, clock: time_machine.Traveller
) -> None:
    await asyncio.gather(*(tell(live_app, kinds.PASSWORD_CHANGED) for _ in range(8)))
    assert len(await told(live_app)) == 1

    clock.shift(PAUSE)

    assert "7 times" in (await told(live_app))[1].subject


async def test_what_happens_while_a_pause_ends_is_told_once(live_app: FastAPI, clock: time_machine.Traveller) -> None:
    for _ in range(2):
        await tell(live_app, kinds.PASSWORD_CHANGED)
    clock.shift(PAUSE)
    database, process = live_app.state.database, live_app.state.process
    claims, registration = Claims(database), registrations()[NOTICES.name]
    (job,) = await claims.claim(registration, 1)

    await tell(live_app, kinds.PASSWORD_CHANGED)
    await Runner(database, process, unit_of_work, claims).run(registration, job, None)

    assert [mail.subject for mail in await mails_waiting(live_app)] == [
        "Your password was changed (Colophon)",
        "Your password was changed, 2 times (Colophon)",
    ]
    clock.shift(PAUSE)
    assert len(await told(live_app)) == 2
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Job).where(Job.kind == NOTICES.name)) == 0
