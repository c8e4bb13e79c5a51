"""Trying the email settings, whatever the mail server says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from app.mail import mailer
from app.mail.failures import explained
from tests.conftest import settings_for
from tests.support.commands import run_command

pytestmark = pytest.mark.one_database
ADDRESS = "anna@example.com"
DATABASE = "sqlite+aiosqlite:///missing.db"


class Server:
    """What a mail server answers at each stage."""

    def __init__(self, **answers: str) -> None:
        for stage, answer in answers.items():
            setattr(self, f"handle_{stage}", partial(self._answer, answer))

    async def _answer(self, answer: str, *_: Any) -> str:
        return answer

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 - its name
        return "250 2.0.0 Ok: queued as 4F2"


class Greeting(asyncio.Protocol):
    """Says one thing and hangs up."""

    says = b""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def connection_made(self, transport: Any) -> None:
        transport.write(self.says)
        transport.close()


class Blocking(Greeting):
    says = b"554 5.7.1 Your address is blocked\r\n"


class Web(Greeting):
    says = b"HTTP/1.1 400 Bad Request\r\n\r\n"


class HangingUp(SMTP):
    async def smtp_MAIL(self, _argument: str) -> None:  # noqa: N802 - its name
        assert self.transport is not None
        self.transport.close()


def no_login(*_: Any) -> AuthResult:
    return AuthResult(success=False, handled=False)


@asynccontextmanager
async def listening(protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
def attempt(tmp_path: Path) -> Callable[..., Awaitable[tuple[int, str]]]:
    async def attempt(port: int, address: str = ADDRESS, **environment: str) -> tuple[int, str]:
        servers = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_SECURITY": "none"}
        settings = settings_for(DATABASE, tmp_path)
        result = await run_command(settings, "commands.outbox", "test", address, **(servers | environment))
        return result.exit_code, result.output.strip()

    return attempt


LOGIN = {"MAIL_USERNAME": "blog", "MAIL_PASSWORD": "a password"}


@pytest.mark.parametrize(
    ("kind", "server", "options", "environment", "says"),
    [
        (SMTP, Server(RCPT="550 5.1.1 No such mailbox"), {}, {}, "refused the recipient: 550 5.1.1 No such mailbox."),
        (SMTP, Server(RCPT="450 4.2.0 Greylisted"), {}, {}, "450 4.2.0 Greylisted. That is for the moment"),
        (SMTP, Server(MAIL="553 5.7.1 Not yours"), {}, {}, "refused the sender: 553 5.7.1 Not yours. Check MAIL_FROM"),
        (SMTP, Server(DATA="554 5.7.1 Spam"), {}, {}, "refused the email: 554 5.7.1 Spam."),
        (SMTP, Server(), {}, {"MAIL_SECURITY": "starttls"}, "offers no STARTTLS. Use MAIL_SECURITY=tls"),
        (SMTP, Server(), {}, {"MAIL_SECURITY": "tls"}, "does not begin with TLS. Use MAIL_SECURITY=starttls"),
        (SMTP, Server(), {}, LOGIN, "offers no login"),
        (
            SMTP,
            Server(),
            {"authenticator": no_login, "auth_require_tls": False},
            LOGIN,
            "refused the login: 535 5.7.8 Authentication credentials invalid. Check MAIL_USERNAME and MAIL_PASSWORD.",
        ),
        (Blocking, Server(), {}, {}, "refused the connection: 554 5.7.1 Your address is blocked."),
        (Web, Server(), {}, {}, "is no mail server"),
        (HangingUp, Server(), {}, {}, "hung up"),
    ],
)
async def test_each_refusal_is_told_in_a_sentence(
    attempt: Any,
    kind: Callable[..., asyncio.Protocol],
    server: Server,
    options: dict[str, Any],
    environment: dict[str, str],
    says: str,
) -> None:
    loop = asyncio.get_running_loop()
    async with listening(lambda: kind(server, loop=loop, **options)) as port:
        code, told = await attempt(port, **environment)

    assert code == 1
    assert says in told
    assert "a password" not in told
    assert len(told.splitlines()) == 1


async def test_what_the_server_answers_is_told(attempt: Any) -> None:
    loop = asyncio.get_running_loop()
    async with listening(lambda: SMTP(Server(), loop=loop)) as port:
        told = await attempt(port)

    assert told == (0, f"127.0.0.1 accepted the email to {ADDRESS}: 2.0.0 Ok: queued as 4F2")


async def test_a_local_part_in_any_script_needs_more_than_some_servers_have(attempt: Any) -> None:
    loop = asyncio.get_running_loop()
    async with listening(lambda: SMTP(Server(), loop=loop, enable_SMTPUTF8=False)) as port:
        code, told = await attempt(port, "ünal@example.com")

    assert code == 1
    assert "does not support SMTPUTF8, which ünal@example.com needs" in told


async def test_a_server_that_is_silent_or_not_there(attempt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "SEND_TIMEOUT_SECONDS", 1)
    async with listening(asyncio.Protocol) as port:
        silent = await attempt(port)
    nobody = await attempt(port)
    nowhere = await attempt(port, MAIL_SERVER="mail.nowhere.invalid")

    assert [code for code, _ in (silent, nobody, nowhere)] == [1, 1, 1]
    assert "did not answer within" in silent[1]
    assert "Nothing listens at 127.0.0.1" in nobody[1]
    assert "cannot be found" in nowhere[1]


async def test_without_a_server_or_an_address_nothing_is_tried(attempt: Any) -> None:
    code, told = await attempt(1, MAIL_SERVER="")
    assert code == 1
    assert told.startswith("MAIL_SERVER is not set: emails are not sent, but written to /")
    code, told = await attempt(1, "nobody")
    assert code == 1
    assert "not a valid email address" in told


def test_certificates_and_what_nobody_thought_of(tmp_path: Path) -> None:
    settings = settings_for(DATABASE, tmp_path, mail_server="mail.example.com", mail_port=465)
    wrong = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    wrong.verify_message = "Hostname mismatch"
    outer = RuntimeError("connecting failed")
    outer.__cause__ = wrong

    assert explained(outer, settings, ADDRESS) == (
        "The certificate of mail.example.com, port 465 is not valid: Hostname mismatch. "
        "MAIL_SERVER must be the name in it."
    )
    assert explained(RuntimeError("odd."), settings, ADDRESS) == "The email could not be sent: odd."
