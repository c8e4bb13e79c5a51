"""Mails on their way: kept until they have left, and sent once."""

import asyncio
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import anyio
import httpx
import pytest
from fastapi import FastAPI

from app.core import clock
from app.mail.mailer import mailer_for
from app.mail.messages import Message
from app.mail.outbox import MAIL, Outbox
from app.queue.jobs import Jobs
from tests.support.job_kinds import change_jobs
from tests.support.jobs import job_worker
from tests.support.mails import AwayMailer, RecordingMailer, RefusingMailer, mails_waiting, token_in
from tests.support.users import Users

ANNA = {"email": "anna@example.com", "username": "anna", "password": "four calm otters"}
# How long a test waits for what happens at once unless something is broken.
TIMEOUT_SECONDS = 20


async def register(client: httpx.AsyncClient, name: str, **fields: str) -> None:
    data = {**ANNA, "email": f"{name}@example.com", "username": name, **fields}
    response = await client.post("/auth/register", json=data)
    assert response.status_code == 202, response.text


async def put(app: FastAPI, *recipients: str) -> None:
    async with app.state.database.writing() as session:
        for recipient in recipients:
            Outbox(Jobs(session)).put(Message(recipient, "Hi", "text", "<p>html</p>"))
        await session.commit()


# --- Into the outbox -------------------------------------------------------------------------------------------


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
    worker = job_worker(app, mailer)

    assert await worker.run_due(MAIL) == 1

    assert [message.recipient for message in mailer.sent] == ["anna@example.com"]
    assert await mails_waiting(app) == []
    assert await worker.run_due(MAIL) == 0


async def test_without_a_mail_server_the_mail_is_found_in_the_folder(live_app: FastAPI, live_users: Users) -> None:
    # The owner of the address may not know whoever has chosen this name.
    await register(await live_users.client(), "anna", display_name="You won: example.net")

    await job_worker(live_app, mailer_for(live_app.state.settings)).run_due(MAIL)

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
    worker = job_worker(app, RefusingMailer())
    before = clock.now()

    assert await worker.run_due(MAIL) == 1

    (mail,) = await mails_waiting(app)
    assert mail.attempts == 1
    assert mail.run_at is not None
    assert before < mail.run_at <= clock.now() + timedelta(minutes=1)
    assert mail.last_error == "no mail for anna@example.com"
    assert await worker.run_due(MAIL) == 0
    await change_jobs(app, MAIL, run_at=clock.now())
    mailer = RecordingMailer()
    assert await job_worker(app, mailer).run_due(MAIL) == 1
    assert len(mailer.sent) == 1


async def test_a_mail_that_is_refused_for_good_is_given_up_at_once_but_kept(app: FastAPI) -> None:
    await put(app, "anna@example.com", "bert@example.com")

    await job_worker(app, RefusingMailer(is_final=True)).run_due(MAIL)

    assert [(mail.attempts, mail.run_at) for mail in await mails_waiting(app)] == [(1, None)] * 2


async def test_a_mail_that_is_refused_does_not_hold_up_the_others(live_app: FastAPI) -> None:
    class Choosy(RecordingMailer):
        async def send(self, message: Message, key: str) -> None:
            if message.recipient == "bad@example.com":
                raise RuntimeError
            await super().send(message, key)

    await put(live_app, "bad@example.com", *(f"good{number}@example.com" for number in range(12)))
    mailer = Choosy()

    await job_worker(live_app, mailer).run_due(MAIL)

    assert len(mailer.sent) == 12
    assert [mail.recipient for mail in await mails_waiting(live_app)] == ["bad@example.com"]


async def test_a_mail_server_that_is_away_is_left_alone(app: FastAPI) -> None:
    """Three mails find out, and the third is not to blame any more."""
    await put(app, *(f"reader{number}@example.com" for number in range(20)))
    mailer = AwayMailer()
    worker = job_worker(app, mailer)

    assert await worker.run_due(MAIL) == 3
    assert await worker.run_due(MAIL) == 0

    assert mailer.tries == 3
    assert sorted(mail.attempts for mail in await mails_waiting(app)) == [0] * 18 + [1] * 2


async def test_a_mail_that_leaves_twice_can_be_told(app: FastAPI) -> None:
    """The first time nobody heard that it had been taken."""
    await put(app, "anna@example.com", "bert@example.com")

    class Forgetful(RecordingMailer):
        async def send(self, message: Message, key: str) -> None:
            await super().send(message, key)
            raise RuntimeError

    first, second = Forgetful(), RecordingMailer()
    await job_worker(app, first).run_due(MAIL)
    await change_jobs(app, MAIL, run_at=clock.now())
    await job_worker(app, second).run_due(MAIL)

    assert first.keys == second.keys
    assert len(set(first.keys)) == 2


# --- While the app runs ----------------------------------------------------------------------------------------


class StuckMailer:
    """A mail server that never answers."""

    def __init__(self) -> None:
        self.is_sending = asyncio.Event()

    async def send(self, message: Message, key: str) -> None:
        self.is_sending.set()
        await asyncio.Event().wait()


async def test_no_answer_waits_for_the_mail_server(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = StuckMailer()
    live_app.state.process.shared[mailer_for] = stuck
    monkeypatch.setattr("app.lifespan.FINISH_JOBS_SECONDS", 0.2)
    client = await live_users.client()
    await register(client, "anna")
    await live_app.state.database.dispose()  # the app opens its own

    async with live_app.router.lifespan_context(live_app):
        with anyio.fail_after(TIMEOUT_SECONDS):
            await stuck.is_sending.wait()
            await register(client, "bert")
        waiting = await mails_waiting(live_app)

    assert [mail.recipient for mail in waiting] == ["anna@example.com", "bert@example.com"]
