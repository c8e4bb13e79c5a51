"""Mails as they are written and as they leave."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.core.config import Settings
from app.mail import mailer as mailer_module
from app.mail.mailer import FolderMailer, SmtpMailer, mailer_for
from app.mail.messages import Message, MessageWriter
from app.queue.backoff import delay_after
from app.queue.errors import JobRefused, ServiceUnreachable
from tests.support.mails import token_in

SECRET = "a secret of the tests that is long enough to sign with"
NAME = "O'Brien <b>&</b> Søn"
WRITER = MessageWriter("Cats & Co", "https://blog.example.com")


def settings(**values: object) -> Settings:
    secrets = dict.fromkeys(("access_secret_key", "reset_password_secret_key", "verification_secret_key"), SECRET)
    return Settings.model_validate({**secrets, **values})


KEY = "12.34"
MESSAGE = Message("anna@example.com", "Hi", "text", "<p>html</p>")
SENDER = Address("Cats & Co", addr_spec="blog@example.com")


def parsed(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def parts_of(mail: EmailMessage) -> dict[str, str]:
    """The parts that a mail program may choose from, in their order."""
    (choice,) = [part for part in mail.walk() if part.get_content_type() == "multipart/alternative"]
    assert isinstance(choice, EmailMessage)
    parts = [part for part in choice.iter_parts() if isinstance(part, EmailMessage)]
    return {part.get_content_type(): part.get_content().replace("\r\n", "\n").strip() for part in parts}


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


class Inbox:
    """What a mail server does with the mails that it takes."""

    def __init__(self) -> None:
        self.senders: list[str | None] = []
        self.recipients: list[str] = []
        self.contents: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.senders.append(envelope.mail_from)
        self.recipients += envelope.rcpt_tos
        self.contents.append(envelope.content)
        return "250 taken"


def inbox_answering(stage: str, response: str) -> Inbox:
    """A mail server that takes mails up to this stage."""

    async def refuse(*_: object) -> str:
        return response

    inbox = Inbox()
    setattr(inbox, stage, refuse)
    return inbox


@asynccontextmanager
async def mail_server(
    inbox: Inbox, kind: type[SMTP] = SMTP, *, knows_utf8: bool = True, **changes: str
) -> AsyncIterator[SmtpMailer]:
    """A mail server on a port of its own, and the way to it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: kind(inbox, enable_SMTPUTF8=knows_utf8, hostname="mail.example.com", loop=loop), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    try:
        values = {"mail_server": "127.0.0.1", "mail_port": port, "mail_security": "none", "site_name": "Cats & Co"}
        yield SmtpMailer(settings(**{**values, **changes}))
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("kind", ["verification", "password_reset"])
def test_a_name_is_itself_in_the_text_and_harmless_in_the_html(kind: str) -> None:
    message: Message = getattr(WRITER, kind)("anna@example.com", NAME, "t.o-k_n", 48)

    assert f"Hello {NAME}," in message.text
    assert "Hello O&#39;Brien &lt;b&gt;&amp;&lt;/b&gt; Søn," in message.html
    assert "<b>" not in message.html
    assert message.subject.endswith("Cats & Co")
    assert "48 hours" in message.text


@pytest.mark.parametrize(("kind", "page"), [("verification", "verify"), ("password_reset", "reset-password")])
def test_text_and_html_lead_to_the_same_page_of_the_frontend(kind: str, page: str) -> None:
    message: Message = getattr(WRITER, kind)("anna@example.com", "Anna", "t.o-k_n", 2)

    assert f"https://blog.example.com/{page}?token=t.o-k_n\n" in message.text
    assert f'href="https://blog.example.com/{page}?token=t.o-k_n"' in message.html
    assert token_in(message.text) == "t.o-k_n"


async def test_without_a_mail_server_a_mail_becomes_a_file_that_mail_programs_open(tmp_path: Path) -> None:
    message = WRITER.verification("anna@example.com", NAME, "token", 48)

    await FolderMailer(tmp_path / "mail", SENDER).send(message, KEY)

    file = only_file(tmp_path / "mail")
    assert file.suffix == ".eml"
    mail = parsed(file.read_bytes())
    assert (mail["From"], mail["To"], mail["Subject"]) == (str(SENDER), "anna@example.com", message.subject)
    assert mail.defects == []
    assert parts_of(mail) == {"text/plain": message.text.strip(), "text/html": message.html.strip()}


async def test_nobody_else_on_the_machine_reads_the_files(tmp_path: Path) -> None:
    await FolderMailer(tmp_path, SENDER).send(Message("anna@example.com", "Hi", "text", "<p>html</p>"), KEY)

    assert stat.S_IMODE(only_file(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize("recipient", ["ünal@example.com", "anna@bücher.example"])
async def test_an_address_in_any_script_can_be_written_to(tmp_path: Path, recipient: str) -> None:
    message = Message(recipient, "Grüße", "Grüße", "<p>Grüße</p>")

    await FolderMailer(tmp_path, SENDER).send(message, KEY)

    mail = parsed(only_file(tmp_path).read_bytes())
    assert (mail["To"], mail["Subject"]) == (recipient.replace("bücher", "xn--bcher-kva"), "Grüße")


async def test_a_mail_server_gets_the_text_first_and_the_html_last() -> None:
    """Mail programs show the last part that they can."""
    message, inbox = WRITER.password_reset("anna@example.com", NAME, "token", 2), Inbox()

    async with mail_server(inbox) as mailer:
        await mailer.send(message, KEY)

    mail = parsed(inbox.contents[0])
    assert inbox.recipients == ["anna@example.com"]
    assert mail["From"] == "Cats & Co <blog@example.com>"
    assert mail["Subject"] == message.subject
    parts = parts_of(mail)
    assert list(parts) == ["text/plain", "text/html"]
    assert parts == {"text/plain": message.text.strip(), "text/html": message.html.strip()}


async def test_a_mail_server_gets_a_mail_without_defects() -> None:
    inbox = Inbox()

    async with mail_server(inbox) as mailer:
        await mailer.send(Message("anna@example.com", "Grüße", "Grüße", "<p>Grüße</p>"), KEY)

    assert [part.defects for part in parsed(inbox.contents[0]).walk() if part.defects] == []


async def test_a_mail_server_gets_an_address_in_any_script() -> None:
    inbox = Inbox()

    async with mail_server(inbox) as mailer:
        await mailer.send(Message("ünal@example.com", "Grüße", "Grüße", "<p>Grüße</p>"), KEY)

    assert inbox.recipients == ["ünal@example.com"]
    mail = parsed(inbox.contents[0])
    address = mail["To"].addresses[0].addr_spec.encode(errors="surrogateescape").decode()
    assert (mail["Subject"], address) == ("Grüße", "ünal@example.com")


async def test_a_mail_has_left_even_if_the_server_does_not_say_goodbye() -> None:
    """It would be sent once more, and again, for as long as the server hangs up like that."""

    class RudeServer(SMTP):
        async def smtp_QUIT(self, _argument: str) -> None:  # noqa: N802
            assert self.transport is not None
            self.transport.close()

    inbox = Inbox()

    async with mail_server(inbox, RudeServer) as mailer:
        await mailer.send(Message("anna@example.com", "Hi", "text", "<p>html</p>"), KEY)

    assert inbox.recipients == ["anna@example.com"]


@pytest.mark.parametrize("knows_utf8", [True, False])
@pytest.mark.parametrize(
    ("sender", "recipient", "sent_from", "sent_to"),
    [
        ("blog@bücher.example", "anna@example.com", "blog@xn--bcher-kva.example", "anna@example.com"),
        ("blog@example.com", "anna@bücher.example", "blog@example.com", "anna@xn--bcher-kva.example"),
        (
            "blog@xn--bcher-kva.example",
            "anna@BÜCHER.example",
            "blog@xn--bcher-kva.example",
            "anna@xn--bcher-kva.example",
        ),
        ("blog@example.com", "anna@faß.example", "blog@example.com", "anna@xn--fa-hia.example"),
        ("blog@例え.テスト", "anna@почта.рф", "blog@xn--r8jz45g.xn--zckzah", "anna@xn--80a1acny.xn--p1ai"),
        ("blog@localhost", "anna@nas.home.arpa", "blog@localhost", "anna@nas.home.arpa"),
        ("blog@example.com", "anna@[192.0.2.5]", "blog@example.com", "anna@[192.0.2.5]"),
    ],
)
async def test_domains_are_sent_in_ascii_which_every_server_knows(
    sender: str, recipient: str, sent_from: str, sent_to: str, knows_utf8: bool
) -> None:
    inbox = Inbox()

    async with mail_server(inbox, knows_utf8=knows_utf8, mail_from=sender, site_name="Bücher") as mailer:
        await mailer.send(Message(recipient, "Grüße", "Grüße", "<p>Grüße</p>"), KEY)

    assert (inbox.senders, inbox.recipients) == ([sent_from], [sent_to])
    mail = parsed(inbox.contents[0])
    assert (mail["From"], mail["To"], mail["Subject"]) == (f"Bücher <{sent_from}>", sent_to, "Grüße")
    assert mail["Message-ID"] == f"<{KEY}@{sent_from.rpartition('@')[2]}>"
    head = inbox.contents[0].partition(b"\r\n\r\n")[0]
    assert head.isascii()


@pytest.mark.parametrize(
    ("sender", "recipient"), [("blog@example.com", "ünal@bücher.example"), ("büro@example.com", "anna@example.com")]
)
async def test_only_what_is_before_the_at_sign_needs_a_server_that_knows_utf8(sender: str, recipient: str) -> None:
    message, inbox = Message(recipient, "Hi", "text", "<p>html</p>"), Inbox()

    async with mail_server(inbox, mail_from=sender) as mailer:
        await mailer.send(message, KEY)
    assert inbox.recipients == [recipient.replace("bücher", "xn--bcher-kva")]
    async with mail_server(inbox, knows_utf8=False, mail_from=sender) as mailer:
        with pytest.raises(JobRefused, match=r"SMTPUTF8 is not supported.*before the @") as refused:
            await mailer.send(message, KEY)
    assert refused.value.is_final


@pytest.mark.parametrize("stage", ["handle_RCPT", "handle_DATA"])
@pytest.mark.parametrize(("response", "is_final"), [("452 this mailbox is full", False), ("550 nobody here", True)])
async def test_a_mail_that_the_server_does_not_take_has_not_left(stage: str, response: str, is_final: bool) -> None:
    async with mail_server(inbox_answering(stage, response)) as mailer:
        with pytest.raises(JobRefused, match=response[4:]) as refused:
            await mailer.send(MESSAGE, KEY)

    assert refused.value.is_final is is_final


@pytest.mark.parametrize(
    ("stage", "response"),
    [
        ("handle_MAIL", "450 too many mails"),
        ("handle_MAIL", "550 not for you"),
        ("handle_RCPT", "530 log in first"),
        ("handle_DATA", "421 going down"),
    ],
)
async def test_a_server_that_takes_no_mails_at_all_is_as_good_as_away(stage: str, response: str) -> None:
    async with mail_server(inbox_answering(stage, response)) as mailer:
        with pytest.raises(ServiceUnreachable, match=response[4:]):
            await mailer.send(MESSAGE, KEY)


async def test_a_refusal_is_one_even_if_the_server_does_not_say_goodbye() -> None:
    class RudeServer(SMTP):
        async def smtp_QUIT(self, _argument: str) -> None:  # noqa: N802
            assert self.transport is not None
            self.transport.close()

    async with mail_server(inbox_answering("handle_RCPT", "550 nobody here"), RudeServer) as mailer:
        with pytest.raises(JobRefused, match="nobody here"):
            await mailer.send(MESSAGE, KEY)


async def test_a_server_that_hangs_up_or_is_not_there_is_away() -> None:
    class Closing(SMTP):
        async def smtp_MAIL(self, _argument: str) -> None:  # noqa: N802
            assert self.transport is not None
            self.transport.close()

    async with mail_server(Inbox(), Closing) as mailer:
        with pytest.raises(ServiceUnreachable):
            await mailer.send(MESSAGE, KEY)
    with pytest.raises(ServiceUnreachable, match="SMTPConnectError"):
        await mailer.send(MESSAGE, KEY)


async def test_a_server_that_never_answers_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer_module, "SEND_TIMEOUT_SECONDS", 1)

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]

    with pytest.raises(ServiceUnreachable, match="Timeout"):
        await SmtpMailer(settings(mail_server="127.0.0.1", mail_port=port, mail_security="none")).send(MESSAGE, KEY)
    silent.close()
    await silent.wait_closed()


async def test_the_app_does_not_wait_for_a_server_that_hangs_when_it_ends() -> None:
    class Hanging(Inbox):
        def __init__(self) -> None:
            super().__init__()
            self.is_hanging, self.may_go_on = asyncio.Event(), asyncio.Event()

        async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
            self.is_hanging.set()
            await self.may_go_on.wait()
            return "250 taken"

    inbox = Hanging()
    async with mail_server(inbox) as mailer:
        sending = asyncio.create_task(mailer.send(MESSAGE, KEY))
        await inbox.is_hanging.wait()
        sending.cancel()
        done, _ = await asyncio.wait([sending], timeout=5)
        inbox.may_go_on.set()

    assert done == {sending}
    assert sending.cancelled()


async def test_a_folder_that_cannot_be_written_to_is_away(tmp_path: Path) -> None:
    (tmp_path / "mail").touch()

    with pytest.raises(ServiceUnreachable, match="FileExistsError"):
        await FolderMailer(tmp_path / "mail", SENDER).send(MESSAGE, KEY)


def test_mails_go_to_the_server_of_the_settings_or_into_a_folder(tmp_path: Path) -> None:
    assert isinstance(mailer_for(settings(mail_server="mail.example.com")), SmtpMailer)
    assert isinstance(mailer_for(settings(var_dir=tmp_path)), FolderMailer)


def test_the_waits_between_attempts_grow_to_two_hours() -> None:
    seconds = [delay_after(attempts).total_seconds() for attempts in range(1, 13)]

    assert seconds[:4] == [15, 30, 60, 120]
    assert seconds == sorted(seconds)
    assert seconds[-1] == 7200
