"""Ways for a mail to leave: to a mail server, or into a folder while there is none."""

import logging
import os
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import anyio.to_thread
from fastapi_mail import ConnectionConfig, FastMail, MessageSchema, MessageType, MultipartSubtypeEnum
from pydantic import NameEmail

from app.core.config import Settings
from app.mail.messages import Message

SEND_TIMEOUT_SECONDS = 20
_log = logging.getLogger(__name__)


class Mailer(Protocol):
    async def send(self, message: Message) -> None:
        """Hand the mail over; it has left when this returns. Raises what the way out raises."""


def mailer_for(settings: Settings) -> Mailer:
    """The mail server of the settings, or a folder where they name none."""
    return SmtpMailer(settings) if settings.mail_server else FolderMailer(settings.mail_dir, settings.mail_from)


class SmtpMailer:
    """Sends through the mail server that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._server = FastMail(
            ConnectionConfig(
                MAIL_SERVER=settings.mail_server or "",
                MAIL_PORT=settings.mail_port,
                MAIL_STARTTLS=settings.mail_security == "starttls",
                MAIL_SSL_TLS=settings.mail_security == "tls",
                MAIL_USERNAME=settings.mail_username,
                MAIL_PASSWORD=settings.mail_password,
                USE_CREDENTIALS=bool(settings.mail_username),
                MAIL_FROM=settings.mail_from,
                MAIL_FROM_NAME=settings.site_name,
                TIMEOUT=SEND_TIMEOUT_SECONDS,
            )
        )

    async def send(self, message: Message) -> None:
        await self._server.send_message(
            MessageSchema(
                recipients=[NameEmail(message.recipient, message.recipient)],
                subject=message.subject,
                # The other way round the library puts the plain text last, and readers' programs prefer the last.
                body=message.text,
                alternative_body=message.html,
                subtype=MessageType.plain,
                multipart_subtype=MultipartSubtypeEnum.alternative,
            )
        )


class FolderMailer:
    """Writes each mail as an `.eml` file, which every mail program can open."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, message: Message) -> None:
        path = await anyio.to_thread.run_sync(self._write, message)
        _log.info("there is no mail server; a mail was written to %s", path)

    def _write(self, message: Message) -> Path:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = message.recipient
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain="localhost")
        # Not encoded further, so that the links in it can be read in any editor.
        mail.set_content(message.text, cte="8bit")
        mail.add_alternative(message.html, subtype="html", cte="8bit")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid4().hex[:6]}.eml"
        # Mails carry tokens: nobody else on the machine needs to read them.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(bytes(mail))
        return path
