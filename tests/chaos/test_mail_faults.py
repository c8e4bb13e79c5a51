"""What can happen to the mail server, while people register."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.chaos import figures
from tests.chaos.blogs import BlogDatabase
from tests.chaos.load import API
from tests.chaos.mail_server import MailServer, Mood
from tests.chaos.node import Starter

pytestmark = pytest.mark.chaos
PEOPLE = 4
# How long a server that does not answer is left alone, and then some.
PAUSE_SECONDS = 5 + 5
# Registering asks nothing of the mail server.
QUICK_SECONDS = 2


async def _closes(server: MailServer) -> None:
    await server.stop()


async def _opens(server: MailServer) -> None:
    await server.start()


def _becomes(mood: Mood) -> Callable[[MailServer], Awaitable[None]]:
    async def change(server: MailServer) -> None:
        server.mood = mood
        if mood is Mood.ACCEPTING:
            server.hang_up()

    return change


@pytest.mark.parametrize(
    ("scenario", "workers", "breaks", "mends"),
    [
        ("SMTP refuses connections", 2, _closes, _opens),
        ("SMTP hangs", 2, _becomes(Mood.HANGING), _becomes(Mood.ACCEPTING)),
        ("SMTP answers 451", 1, _becomes(Mood.BUSY), _becomes(Mood.ACCEPTING)),
    ],
    ids=["refuses", "hangs", "busy"],
)
async def test_every_mail_arrives_once(
    sqlite_database: BlogDatabase,
    mail_server: MailServer,
    start: Starter,
    scenario: str,
    workers: int,
    breaks: Callable[[MailServer], Awaitable[None]],
    mends: Callable[[MailServer], Awaitable[None]],
) -> None:
    node = await start(sqlite_database.url, _mail_settings(mail_server), workers=workers)
    await breaks(mail_server)
    slowest = await _register(node.url, "first")
    # A server that hangs keeps each worker with what it took first, which may be a single mail.
    await _attempted(sqlite_database, workers)
    slowest = max(slowest, await _register(node.url, "second"))
    await asyncio.sleep(1)
    visits = mail_server.sessions
    await mends(mail_server)
    over = time.monotonic()
    first = None
    while len(mail_server.taken) < 2 * PEOPLE:
        assert time.monotonic() - over < PAUSE_SECONDS * 2, (mail_server.taken, node.log[-3000:])
        await _hurry(sqlite_database)
        await asyncio.sleep(0.1)
        if mail_server.taken and first is None:
            first = time.monotonic() - over
    last = time.monotonic() - over
    # Had another been on its way, it would have come by now.
    await asyncio.sleep(1.2)
    waiting = await sqlite_database.fetch("SELECT id FROM jobs WHERE kind = 'mail'")
    twice = sum(number - 1 for number in mail_server.taken.values())
    _collect(scenario, slowest, first, last, lost=2 * PEOPLE - len(mail_server.taken), twice=twice)

    assert {recipient for recipient, _ in mail_server.taken} == _addresses("first") | _addresses("second")
    assert twice == 0
    assert waiting == []
    assert slowest < QUICK_SECONDS
    # Twice for each mail at most: nobody asks again and again.
    assert visits <= 4 * PEOPLE


async def test_mails_that_nobody_takes_are_kept_for_the_operator(
    sqlite_database: BlogDatabase, mail_server: MailServer, start: Starter
) -> None:
    node = await start(sqlite_database.url, _mail_settings(mail_server))
    mail_server.mood = Mood.REFUSING_RECIPIENTS
    slowest = await _register(node.url, "gone")
    await _given_up(sqlite_database, PEOPLE)
    mail_server.mood = Mood.ACCEPTING
    over = time.monotonic()
    await _register(node.url, "there")
    while len(mail_server.taken) < PEOPLE:
        assert time.monotonic() - over < PAUSE_SECONDS, mail_server.taken
        await asyncio.sleep(0.05)
    last = time.monotonic() - over
    dead = await sqlite_database.fetch(
        "SELECT json_extract(payload, '$.recipient'), last_error FROM jobs WHERE run_at IS NULL"
    )
    _collect("SMTP answers 550", slowest, last, None, lost=PEOPLE - len(dead), twice=0)

    assert {recipient for recipient, _ in dead} == _addresses("gone")
    assert all("550" in error for _, error in dead)
    assert {recipient for recipient, _ in mail_server.taken} == _addresses("there")


def _mail_settings(server: MailServer) -> dict[str, str]:
    return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(server.port), "MAIL_SECURITY": "none"}


def _addresses(kind: str) -> set[str]:
    return {f"{kind}{number}@example.com" for number in range(PEOPLE)}


async def _register(url: str, kind: str) -> float:
    """Some people; how long the slowest answer took."""
    slowest = 0.0
    async with httpx.AsyncClient(base_url=url + API, timeout=15) as client:
        for number in range(PEOPLE):
            person = {"email": f"{kind}{number}@example.com", "username": f"{kind}{number}"}
            began = time.monotonic()
            response = await client.post("/auth/register", json={**person, "password": "a kettle of blue ink"})
            slowest = max(slowest, time.monotonic() - began)
            assert response.status_code == 202, response.text
    return slowest


async def _attempted(database: BlogDatabase, number: int) -> None:
    """Wait until so many mails have been tried, or are being tried."""
    await _until(
        database, "SELECT id FROM jobs WHERE kind = 'mail' AND (attempts > 0 OR last_error IS NOT NULL)", number
    )


async def _given_up(database: BlogDatabase, number: int) -> None:
    await _until(database, "SELECT id FROM jobs WHERE kind = 'mail' AND run_at IS NULL", number)


async def _until(database: BlogDatabase, query: str, number: int) -> None:
    """Wait until this finds so many rows."""
    deadline = time.monotonic() + PAUSE_SECONDS
    while len(await database.fetch(query)) < number:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def _hurry(database: BlogDatabase) -> None:
    """What time would do: mails that were put off for a while are due. Those being sent are left to their sender."""
    assert database.path is not None
    await database.fetch(
        "UPDATE jobs SET run_at = datetime('now') WHERE last_error IS NOT NULL "
        "AND lease IS NULL AND run_at < datetime('now', '+60 seconds')"
    )


def _collect(scenario: str, slowest: float, first: float | None, last: float | None, *, lost: int, twice: int) -> None:
    figures.collected.append(
        figures.Figures(scenario, "SQLite", 2 * PEOPLE, 2 * PEOPLE, lost, twice, 0, 0, 0, slowest, first, last)
    )
