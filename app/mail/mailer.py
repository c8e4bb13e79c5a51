"""Delivering mails: to a mail server, or into a folder if none is configured."""

import asyncio
import logging
import os
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import anyio.to_thread

from app.core import clock
from app.core.config import Settings
from app.core.email_addresses import for_mail_servers
from app.mail.messages import Message
from app.queue.errors import ServiceUnreachable

SEND_TIMEOUT_SECONDS = 20
_log = logging.getLogger(__name__)


class Mailer(Protocol):
    async def send(self, message: Message, key: str) -> str | None:
        """Deliver the mail. It has been sent when this returns what the server answered, if there is a server.

        Raises `ServiceUnreachable` or `JobRefused`, which say what happened.

        Its Message-ID is made from the key, so that somebody who gets it twice can tell.
        """


def mailer_for(settings: Settings) -> Mailer:
    """A mailer for the configured mail server, or for a folder if there is none."""
    if settings.mail_server:
        return SmtpMailer(settings)
    return FolderMailer(settings.mail_dir, _sender(settings))


class SmtpMailer:
    """Sends through the configured mail server.

    fastapi-mail makes the connection. The mail itself is the standard library's: fastapi-mail would encode text and
    HTML together as a whole, which RFC 2045 forbids and many programs cannot read.
    """

    def __init__(self, settings: Settings) -> None:
        # It takes 0.2 seconds and 12 MB, which servers without a mail server are spared.
        from fastapi_mail import ConnectionConfig  # noqa: PLC0415

        self._sender = _sender(settings)
        self._server = ConnectionConfig(
            MAIL_SERVER=settings.mail_server or "",
            MAIL_PORT=settings.mail_port,
            MAIL_STARTTLS=settings.mail_security == "starttls",
            MAIL_SSL_TLS=settings.mail_security == "tls",
            MAIL_USERNAME=settings.mail_username,
            MAIL_PASSWORD=settings.mail_password,
            USE_CREDENTIALS=bool(settings.mail_username),
            # Required, and of no use here.
            MAIL_FROM="blog@example.com",
            TIMEOUT=SEND_TIMEOUT_SECONDS,
        )

    async def send(self, message: Message, key: str) -> str:
        from fastapi_mail.connection import Connection  # noqa: PLC0415 - as above

        from app.mail.smtp_errors import delivery_error  # noqa: PLC0415 - as above

        problem: Exception | None = None
        is_answered = is_cancelled = False
        answer = ""
        connection = Connection(self._server)
        try:
            async with connection:
                try:
                    _, answer = await connection.session.send_message(_mail(message, key, self._sender))
                except asyncio.CancelledError:
                    # The app ends; a server that hangs would have it wait for the goodbye.
                    is_cancelled = True
                    connection.session.close()
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it is, the goodbye comes first
                    problem = error
                is_answered = True
        except Exception as error:
            if is_cancelled:
                raise asyncio.CancelledError from error
            # A server that hangs up without a goodbye has the mail, or has refused it, all the same.
            if not is_answered:
                problem = error
        finally:
            # It says no goodbye to a server that has refused the login, and would stay open.
            connection.session.close()
        if problem is not None:
            raise delivery_error(problem) from problem
        return answer


class FolderMailer:
    """Writes each mail as an `.eml` file, which every mail program can open."""

    def __init__(self, folder: Path, sender: Address) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, message: Message, key: str) -> None:
        try:
            path = await anyio.to_thread.run_sync(self._write, message, key)
        except OSError as error:
            raise ServiceUnreachable(f"{type(error).__name__}: {error}") from error
        _log.info("there is no mail server; a mail was written to %s", path)

    def _write(self, message: Message, key: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{clock.now():%Y%m%dT%H%M%S%f}-{uuid4().hex[:6]}.eml"
        # Not encoded further, so that the links in it can be read in any editor.
        mail = _mail(message, key, self._sender, encoding="8bit")
        # Mails carry tokens: nobody else on the machine needs to read them.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(mail.as_bytes())
        return path


def _sender(settings: Settings) -> Address:
    local, _, domain = for_mail_servers(settings.mail_from).rpartition("@")
    return Address(settings.site_name, local, domain)


def _mail(message: Message, key: str, sender: Address, encoding: str | None = None) -> EmailMessage:
    """The mail as it is sent, with the HTML last: mail programs prefer the last alternative that they can show."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = for_mail_servers(message.recipient)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{key}@{sender.domain}>"
    mail.set_content(message.text, cte=encoding)
    mail.add_alternative(message.html, subtype="html", cte=encoding)
    return mail
