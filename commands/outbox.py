"""Looks after mails that have not left: `uv run python -m commands.outbox …`."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import print_json, print_table, printable
from commands.runtime import carry_out, load_settings

if TYPE_CHECKING:
    from app.container import Services
    from app.mail.schemas import OutboxMailOut

_HELP = """Look after mails that have not left.

A mail that its server refuses for good, or again and again, is given up: it is dead, and stays until it is dropped.

Exit codes: 0 done, 1 refused (no such mail), 2 wrong usage or settings, 3 the database cannot be used.
"""
_ERROR_LENGTH = 80

cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="The mail's number in the list.", show_default=False)]
Ids = Annotated[
    list[int] | None, typer.Argument(metavar="ID…", min=1, help="The mails' numbers in the list.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


@cli.command("list")
def list_mails(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only those that were given up.")] = False,
    as_json: Json = False,
) -> None:
    """List mails, the newest first."""
    mails = carry_out(load_settings(), lambda services: _newest(services, limit, only_dead=dead))
    if as_json:
        print_json(mails)
    elif mails:
        print_table(("ID", "To", "Subject", "Since (UTC)", "Tries", "Next", "Last error"), map(_row, mails))


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
    body: Annotated[bool, typer.Option("--body", help="With what it says, links to accounts included.")] = False,
    as_json: Json = False,
) -> None:
    """Show one mail."""
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
    every: Annotated[bool, typer.Option("--all", help="Each mail that was given up.")] = False,
) -> None:
    """Have mails tried again at once, with all their attempts before them."""
    ids = _which(mail_ids, "--all", every=every)
    number = _do(
        lambda services: services.outbox_admin.retry_all() if ids is None else services.outbox_admin.retry(ids)
    )
    typer.echo(f"{_mails(number)} will be tried as soon as the server runs.")


@cli.command()
def drop(
    mail_ids: Ids = None,
    *,
    every: Annotated[bool, typer.Option("--all-dead", help="Each mail that was given up.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete mails for good; nobody will ever get them."""
    ids = _which(mail_ids, "--all-dead", every=every)
    if not yes:
        what = "every mail that was given up" if ids is None else _mails(len(ids))
        typer.confirm(f"Delete {what} for good?", abort=True)
    number = _do(lambda services: services.outbox_admin.drop_all() if ids is None else services.outbox_admin.drop(ids))
    typer.echo(f"{_mails(number)} deleted.")


def _which(mail_ids: list[int] | None, option: str, *, every: bool) -> set[int] | None:
    """The mails that are meant; none for all that were given up."""
    if every == bool(mail_ids):
        raise typer.BadParameter(f"name mails by their numbers, or use {option}", param_hint="ID…")
    return None if every else set(mail_ids or ())


def _do(work: "Callable[[Services], Awaitable[int]]") -> int:
    return carry_out(load_settings(), work)


def _mails(number: int) -> str:
    return "1 mail" if number == 1 else f"{number} mails"


if __name__ == "__main__":
    cli()
