"""Tries the email settings: `uv run python -m commands.outbox test ADDRESS`."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import printable
from commands.runtime import load_settings, refuse, validated
from commands.terminal import start

if TYPE_CHECKING:
    from app.core.config import Settings

_HELP = """Try the email settings. `commands.jobs` manages the emails that wait to be sent.

Exit codes: 0 success, 1 refused, 2 invalid usage or settings.
"""
cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)


@cli.callback()
def outbox() -> None:
    """Without it, the only command would have no name."""


@cli.command()
def test(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where to send it.", show_default=False)],
) -> None:
    """Send an email right now, past the queue, and say what the mail server answered."""
    import asyncio

    from app.mail.schemas import Recipient

    settings = load_settings()
    recipient = validated(Recipient, address=address).address
    if settings.mail_server is None:
        refuse(f"MAIL_SERVER is not set: emails are not sent, but written to {settings.mail_dir}.")
    answer = asyncio.run(_send(settings, recipient))
    typer.echo(f"{settings.mail_server} accepted the email to {recipient}: {printable(answer)}")


async def _send(settings: "Settings", recipient: str) -> str:
    from uuid import uuid4

    from app.mail.failures import explained
    from app.mail.mailer import SmtpMailer
    from app.mail.messages import MessageWriter
    from app.queue.errors import JobFailed

    message = MessageWriter(settings.site_name, settings.frontend_url).test(recipient)
    try:
        return await SmtpMailer(settings).send(message, f"test.{uuid4().hex}")
    except JobFailed as error:
        refuse(printable(explained(error, settings, recipient)))


if __name__ == "__main__":
    start(cli)
