"""Mails on their way: kept until they have left, and sent once."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import anyio
import httpx
import pytest
import time_machine
from app.mail.models import OutboxMail
from app.mail.outbox_status import OutboxStatus, outbox_status
from fastapi import FastAPI
from sqlalchemy import update

from app.core import clock
from app.core.circuit_breaker import CircuitBreaker
from app.db.session import Database, open_database
from app.mail import outbox
from app.mail.errors import ServerUnreachable
from app.mail.mailer import mailer_for
from app.mail.messages import Message
from app.mail.outbox import MAX_ATTEMPTS, Outbox, OutboxWorker
from tests.support.databases import Template
from tests.support.mails import AwayMailer, RecordingMailer, RefusingMailer, mails_waiting, token_in
from tests.support.outages import unusable_databases
from tests.support.users import Users

ANNA = {"email": "anna@example.com", "username": "anna", "password": "four calm otters"}
# How long a test waits for what happens at once unless something is broken.
TIMEOUT_SECONDS = 20
TAKEN_OVER = datetime(2027, 1, 1, tzinfo=UTC)


async def register(client: httpx.AsyncClient, name: str, **fields: str) -> None:
    data = {**ANNA, "email": f"{name}@example.com", "username": name, **fields}
    response = await client.post("/auth/register", json=data)
    assert response.status_code == 202, response.text


async def put(app: FastAPI, *recipients: str) -> None:
    async with app.state.database.writing() as session:
        for recipient in recipients:
            Outbox(session).put(Message(recipient, "Hi", "text", "<p>html</p>"))
        await session.commit()


async def change_waiting(app: FastAPI, **values: object) -> None:
    async with app.state.database.writing() as session:
        await session.execute(update(OutboxMail).values(**values))
        await session.commit()


# --- Into the outbox -------------------------------------------------------------------------------------------


async def test_a_mail_waits_for_the_transaction_that_it_belongs_to(live_app: FastAPI) -> None:
    async with live_app.state.database.writing() as session:
        Outbox(session).put(Message("anna@example.com", "Hi", "text", "<p>html</p>"))
        await session.flush()
        mailer = RecordingMailer()
        # SQLite has one writer at a time, and this one is not done: the worker only looks.
        assert not await OutboxWorker(live_app.state.database, mailer).send_due()
        await session.rollback()

    assert not await OutboxWorker(live_app.state.database, mailer).send_due()
    assert mailer.sent == []


async def test_a_request_that_fails_sends_nothing(
    app: FastAPI, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it fails after the mail was written."""
    put = Outbox.put

    def put_and_fail(self: Outbox, message: Message) -> None:
        put(self, message)
        raise RuntimeError

    monkeypatch.setattr(Outbox, "put", put_and_fail)
    assert (await anonymous.post("/auth/register", json=ANNA)).status_code == 500

    assert await mails_waiting(app) == []
    monkeypatch.undo()
    await register(anonymous, "anna")


# --- Out of it -------------------------------------------------------------------------------------------------


async def test_a_mail_that_has_left_is_forgotten(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    await register(anonymous, "anna")
    mailer = RecordingMailer()
    worker = OutboxWorker(app.state.database, mailer)

    assert await worker.send_due()

    assert [message.recipient for message in mailer.sent] == ["anna@example.com"]
    assert await mails_waiting(app) == []
    assert not await worker.send_due()


async def test_without_a_mail_server_the_mail_is_found_in_the_folder(live_app: FastAPI, live_users: Users) -> None:
    # The owner of the address may not know whoever has chosen this name.
    await register(await live_users.client(), "anna", display_name="You won: example.net")

    await OutboxWorker(live_app.state.database, mailer_for(live_app.state.settings)).send_due()

    (file,) = live_app.state.settings.mail_dir.glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Hello anna," in text.get_content()
    assert "Hello anna," in html.get_content()
    assert "You won" not in bytes(mail).decode()
    verified = await (await live_users.client()).post("/auth/verify", json={"token": token_in(text.get_content())})
    assert verified.status_code == 200, verified.text


async def test_a_mail_that_is_refused_is_tried_again_later(app: FastAPI) -> None:
    await put(app, "anna@example.com")
    worker = OutboxWorker(app.state.database, RefusingMailer())
    before = clock.now()

    assert await worker.send_due()

    (mail,) = await mails_waiting(app)
    assert mail.attempts == 1
    assert mail.next_attempt_at is not None
    assert before < mail.next_attempt_at <= clock.now() + timedelta(minutes=1)
    assert mail.last_error == "no mail for anna@example.com"
    assert not await worker.send_due()
    await change_waiting(app, next_attempt_at=clock.now())
    mailer = RecordingMailer()
    assert await OutboxWorker(app.state.database, mailer).send_due()
    assert len(mailer.sent) == 1


async def test_a_mail_that_nobody_ever_takes_is_given_up_but_kept(app: FastAPI) -> None:
    await put(app, "anna@example.com")
    worker = OutboxWorker(app.state.database, RefusingMailer())

    for _ in range(MAX_ATTEMPTS):
        await change_waiting(app, next_attempt_at=clock.now())
        assert await worker.send_due()

    (mail,) = await mails_waiting(app)
    assert (mail.attempts, mail.next_attempt_at) == (MAX_ATTEMPTS, None)
    assert not await worker.send_due()


async def test_a_mail_that_is_refused_does_not_hold_up_the_others(live_app: FastAPI) -> None:
    class Choosy(RecordingMailer):
        async def send(self, message: Message) -> None:
            if message.recipient == "bad@example.com":
                raise RuntimeError
            await super().send(message)

    await put(live_app, "bad@example.com", *(f"good{number}@example.com" for number in range(12)))
    mailer = Choosy()
    worker = OutboxWorker(live_app.state.database, mailer)

    while await worker.send_due():
        pass

    assert len(mailer.sent) == 12
    assert [mail.recipient for mail in await mails_waiting(live_app)] == ["bad@example.com"]


async def test_two_workers_at_once_send_each_mail_once(live_app: FastAPI) -> None:
    recipients = [f"reader{number}@example.com" for number in range(40)]
    await put(live_app, *recipients)
    mailer = RecordingMailer()

    async def work() -> None:
        worker = OutboxWorker(live_app.state.database, mailer)
        while await mails_waiting(live_app):
            await worker.send_due()

    with anyio.fail_after(TIMEOUT_SECONDS):
        await asyncio.gather(work(), work())

    assert sorted(message.recipient for message in mailer.sent) == sorted(recipients)


async def test_what_a_worker_leaves_behind_when_it_dies_is_sent_by_another(live_app: FastAPI) -> None:
    """Not before it must be dead, or the mail would go out twice."""
    await put(live_app, "anna@example.com")
    assert len(await OutboxWorker(live_app.state.database, StuckMailer())._claim(clock.now(), 1)) == 1
    mailer = RecordingMailer()
    another = OutboxWorker(live_app.state.database, mailer)

    assert not await another.send_due()
    (mail,) = await mails_waiting(live_app)
    assert mail.next_attempt_at is not None
    assert mail.next_attempt_at > clock.now() + timedelta(minutes=1)
    await change_waiting(live_app, next_attempt_at=clock.now())

    assert await another.send_due()
    assert len(mailer.sent) == 1


async def test_what_a_worker_is_sending_when_the_app_ends_is_sent_by_another_at_once(live_app: FastAPI) -> None:
    await put(live_app, "anna@example.com")
    stuck, mailer = StuckMailer(), RecordingMailer()
    ending = asyncio.create_task(OutboxWorker(live_app.state.database, stuck).send_due())
    await stuck.is_sending.wait()
    ending.cancel()
    with suppress(asyncio.CancelledError):
        await ending

    assert await OutboxWorker(live_app.state.database, mailer).send_due()
    assert len(mailer.sent) == 1


async def test_a_mail_that_is_refused_for_good_is_given_up_at_once(live_app: FastAPI) -> None:
    await put(live_app, "anna@example.com", "bert@example.com")
    worker = OutboxWorker(live_app.state.database, RefusingMailer(is_final=True))

    assert await worker.send_due()

    assert [(mail.attempts, mail.next_attempt_at) for mail in await mails_waiting(live_app)] == [(1, None)] * 2
    async with live_app.state.database.reading() as session:
        assert await outbox_status(session) == OutboxStatus(waiting=0, dead=2, oldest_due_seconds=0)


async def test_a_worker_that_took_too_long_leaves_a_mail_to_whoever_has_it_now(app: FastAPI) -> None:
    class SlowMailer(RefusingMailer):
        async def send(self, message: Message) -> None:
            await change_waiting(app, next_attempt_at=TAKEN_OVER)
            await super().send(message)

    await put(app, "anna@example.com")

    await OutboxWorker(app.state.database, SlowMailer(is_final=True)).send_due()

    assert [mail.next_attempt_at for mail in await mails_waiting(app)] == [TAKEN_OVER]


# --- While the mail server is away -----------------------------------------------------------------------------


def lose(worker: OutboxWorker) -> None:
    """Have it know that the mail server is away."""
    for _ in range(outbox.FAILURES):
        worker._breaker.failed(ConnectionError())


async def test_a_mail_server_that_is_away_is_left_alone_and_costs_no_mail_its_attempts(
    live_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a day, which is longer than all attempts together."""
    await put(live_app, *(f"reader{number}@example.com" for number in range(20)))
    mailer = AwayMailer()
    worker = OutboxWorker(live_app.state.database, mailer)

    assert await worker.send_due()
    assert mailer.tries == 10
    assert not await worker.send_due()
    assert mailer.tries == 10
    for probes in range(1, 100):
        monkeypatch.setattr(CircuitBreaker, "seconds_left", 0)
        await change_waiting(live_app, next_attempt_at=clock.now())
        assert await worker.send_due()
        assert mailer.tries == 10 + probes
    # Until it was clear that the server is away, two were to blame.
    assert sorted(mail.attempts for mail in await mails_waiting(live_app)) == [0] * 18 + [1] * 2

    worker._mailer = working = RecordingMailer()
    await change_waiting(live_app, next_attempt_at=clock.now())
    while await worker.send_due():
        pass
    assert len(working.sent) == 20


async def test_a_probe_that_always_fails_does_not_keep_the_others_from_being_tried(
    live_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Allergic(RecordingMailer):
        async def send(self, message: Message) -> None:
            if message.recipient == "bad@example.com":
                raise ServerUnreachable
            await super().send(message)

    await put(live_app, "bad@example.com", "good@example.com")
    mailer = Allergic()
    worker = OutboxWorker(live_app.state.database, mailer)
    monkeypatch.setattr(CircuitBreaker, "seconds_left", 0)
    lose(worker)

    assert await worker.send_due()
    assert await worker.send_due()
    assert [message.recipient for message in mailer.sent] == ["good@example.com"]


async def test_after_days_a_mail_that_no_server_takes_is_given_up(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(app, "anna@example.com")
    await change_waiting(app, created_at=clock.now() - outbox.GIVE_UP_AFTER, attempts=MAX_ATTEMPTS - 1)
    monkeypatch.setattr(CircuitBreaker, "seconds_left", 0)
    worker = OutboxWorker(app.state.database, AwayMailer())
    lose(worker)

    assert await worker.send_due()

    assert [mail.next_attempt_at for mail in await mails_waiting(app)] == [None]


# --- When the clock jumps --------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400), timedelta(days=400)])
async def test_a_clock_that_jumps_neither_loses_nor_repeats_mails(app: FastAPI, jump: timedelta) -> None:
    await put(app, "anna@example.com")
    mailer = RecordingMailer()
    worker = OutboxWorker(app.state.database, mailer)

    with time_machine.travel(clock.now() + jump):
        await worker.send_due()
    # It goes right again, or at last the time comes that the mail was put off to.
    with time_machine.travel(clock.now() + max(-jump, timedelta()) * (abs(jump) < timedelta(days=1))):
        await worker.send_due()

    assert len(mailer.sent) == 1


# --- While the app runs ----------------------------------------------------------------------------------------


class StuckMailer:
    """A mail server that never answers."""

    def __init__(self) -> None:
        self.is_sending = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.is_sending.set()
        await asyncio.Event().wait()


async def test_no_answer_waits_for_the_mail_server(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = StuckMailer()
    monkeypatch.setattr("app.lifespan.mailer_for", lambda _settings: stuck)
    monkeypatch.setattr("app.lifespan.FINISH_MAILS_SECONDS", 0.2)
    client = await live_users.client()
    await register(client, "anna")
    await live_app.state.database.dispose()  # the app opens its own

    async with live_app.router.lifespan_context(live_app):
        with anyio.fail_after(TIMEOUT_SECONDS):
            await stuck.is_sending.wait()
            await register(client, "bert")
        waiting = await mails_waiting(live_app)

    assert [mail.recipient for mail in waiting] == ["anna@example.com", "bert@example.com"]


class CountingWorker(OutboxWorker):
    """Tells when it begins its third try, and leaves it at that."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, RecordingMailer())
        self.tries = 0
        self.has_failed_twice = asyncio.Event()

    async def send_due(self) -> bool:
        self.tries += 1
        if self.tries == 3:
            self.has_failed_twice.set()
            await asyncio.Event().wait()
        return await super().send_due()


async def test_a_worker_that_is_told_to_stop_finishes_what_it_is_sending(app: FastAPI) -> None:
    stopping = asyncio.Event()

    class SlowMailer(RecordingMailer):
        async def send(self, message: Message) -> None:
            stopping.set()
            await asyncio.sleep(0)
            await super().send(message)

    await put(app, "anna@example.com")
    mailer = SlowMailer()

    await OutboxWorker(app.state.database, mailer).run(stopping)

    assert len(mailer.sent) == 1
    assert await mails_waiting(app) == []


@pytest.mark.parametrize("outage", [0, 1])
async def test_the_worker_outlives_an_outage_of_the_database(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outage: int
) -> None:
    monkeypatch.setattr(outbox, "_POLL_SECONDS", 0)
    database = open_database(unusable_databases(template, tmp_path)[outage])
    worker = CountingWorker(database)
    running = asyncio.create_task(worker.run(asyncio.Event()))

    try:
        with anyio.fail_after(TIMEOUT_SECONDS):
            # Either comes first: a worker that has given up would never try again.
            await asyncio.wait(
                [running, asyncio.create_task(worker.has_failed_twice.wait())], return_when=asyncio.FIRST_COMPLETED
            )
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.wait([running])
        await database.dispose()
