"""Manages emails that have not been sent: `uv run python -m commands.outbox …`."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import print_json, print_table, printable
from commands.runtime import carry_out, load_settings

if TYPE_CHECKING:
    from app.container import Services
    from app.mail.schemas import OutboxMailOut

_HELP = """Manage emails that have not been sent.

An email that the mail server rejects permanently or repeatedly is given up on: it is dead, and stays until dropped.

Exit codes: 0 success, 1 refused (email not found), 2 invalid usage or settings, 3 database unusable.
"""
_ERROR_LENGTH = 80

cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="The email's ID in the list.", show_default=False)]
Ids = Annotated[
    list[int] | None, typer.Argument(metavar="ID…", min=1, help="The emails' IDs in the list.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


@cli.command("list")
def list_mails(
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of emails.")] = 50,
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only dead emails.")] = False,
    as_json: Json = False,
) -> None:
    """List emails, newest first."""
    mails = carry_out(load_settings(), lambda services: _newest(services, limit, only_dead=dead))
    if as_json:
        print_json(mails)
    elif mails:
        print_table(("ID", "To", "Subject", "Since (UTC)", "Attempts", "Next", "Last error"), map(_row, mails))


async def _newest(services: "Services", limit: int, *, only_dead: bool) -> "list[OutboxMailOut]":
    from app.mail.schemas import OutboxMailOut

    mails = await services.outbox_admin.newest(limit, only_dead=only_dead)
    return [OutboxMailOut.model_validate(mail) for mail in mails]


def _row(mail: "OutboxMailOut") -> list[object]:
    next_try = f"{mail.next_attempt_at:%Y-%m-%d %H:%M:%S}" if mail.next_attempt_at else "dead"
    since, error = f"{mail.created_at:%Y-%m-%d %H:%M:%S}", (mail.last_error or "")[:_ERROR_LENGTH]
    return [mail.id, mail.recipient, mail.subject, since, mail.attempts, next_try, error]


@cli.command()
def show(
    mail_id: Id,
    *,
    body: Annotated[
        bool, typer.Option("--body", help="Include the body, with any links that give access to accounts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one email."""
    from app.mail.schemas import OutboxMailBody, OutboxMailOut

    async def find(services: "Services") -> OutboxMailOut:
        mail = await services.outbox_admin.find(mail_id)
        return (OutboxMailBody if body else OutboxMailOut).model_validate(mail)

    mail = carry_out(load_settings(), find)
    if as_json:
        print_json([mail])
        return
    for name, value in mail.model_dump(mode="json", exclude={"text"}).items():
        typer.echo(f"{name + ':':<17}{printable(value)}".rstrip())
    for line in getattr(mail, "text", "").splitlines():
        typer.echo(printable(line))


@cli.command()
def retry(
    mail_ids: Ids = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All dead emails.")] = False,
) -> None:
    """Retry emails immediately, with a fresh number of attempts."""
    ids = _which(mail_ids, "--all", every=every)
    number = _do(
        lambda services: services.outbox_admin.retry_all() if ids is None else services.outbox_admin.retry(ids)
    )
    typer.echo(f"{_mails(number)} will be sent once the server is running.")


@cli.command()
def drop(
    mail_ids: Ids = None,
    *,
    every: Annotated[bool, typer.Option("--all-dead", help="All dead emails.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
) -> None:
    """Permanently delete emails. They will never be sent."""
    ids = _which(mail_ids, "--all-dead", every=every)
    if not yes:
        what = "all dead emails" if ids is None else _mails(len(ids))
        typer.confirm(f"Permanently delete {what}?", abort=True)
    number = _do(lambda services: services.outbox_admin.drop_all() if ids is None else services.outbox_admin.drop(ids))
    typer.echo(f"{_mails(number)} deleted.")


def _which(mail_ids: list[int] | None, option: str, *, every: bool) -> set[int] | None:
    """The selected mails; None for all dead letters."""
    if every == bool(mail_ids):
        raise typer.BadParameter(f"name emails by their IDs, or use {option}", param_hint="ID…")
    return None if every else set(mail_ids or ())


def _do(work: "Callable[[Services], Awaitable[int]]") -> int:
    return carry_out(load_settings(), work)


def _mails(number: int) -> str:
    return "1 email" if number == 1 else f"{number} emails"


if __name__ == "__main__":
    cli()
