"""Manages jobs that have not been done, such as emails: `uv run python -m commands.jobs …`."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import print_json, print_table, printable
from commands.runtime import carry_out, load_settings
from commands.terminal import start

if TYPE_CHECKING:
    from app.container import Services
    from app.queue.schemas import JobOut

_HELP = """Manage jobs that have not been done: emails to be sent, requests to be carried out, chores.

A job that fails permanently or repeatedly is given up on: it is a dead letter then, and stays until it is
retried or dropped.

Exit codes: 0 success, 1 refused (job not found), 2 invalid usage or settings, 3 database unusable.
"""
_ERROR_LENGTH = 80
_COLUMNS = ("ID", "Kind", "About", "Since (UTC)", "Attempts", "State", "Next (UTC)", "Last error")

cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="The job's ID in the list.", show_default=False)]
Ids = Annotated[
    list[int] | None, typer.Argument(metavar="ID…", min=1, help="The jobs' IDs in the list.", show_default=False)
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only this kind, such as mail; may be repeated.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


@cli.command("list")
def list_jobs(
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of jobs.")] = 50,
    kind: Kinds = None,
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters.")] = False,
    as_json: Json = False,
) -> None:
    """List jobs, dead letters first, then the newest."""
    jobs = carry_out(load_settings(), lambda services: services.job_admin.listed(limit, kind or (), only_dead=dead))
    if as_json:
        print_json(jobs)
    elif jobs:
        print_table(_COLUMNS, map(_row, jobs))


def _row(job: "JobOut") -> list[object]:
    next_run = f"{job.run_at:%Y-%m-%d %H:%M:%S}" if job.run_at else ""
    since, error = f"{job.created_at:%Y-%m-%d %H:%M:%S}", (job.last_error or "")[:_ERROR_LENGTH]
    return [job.id, job.kind, job.about, since, job.attempts, job.state, next_run, error]


@cli.command()
def show(
    job_id: Id,
    *,
    payload: Annotated[
        bool, typer.Option("--payload", help="Include the payload, with any links that give access to accounts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one job."""
    job = carry_out(load_settings(), lambda services: services.job_admin.find(job_id, with_payload=payload))
    if as_json:
        print_json([job])
        return
    _print_fields(job.model_dump(mode="json", exclude={"payload"}))
    _print_fields(getattr(job, "payload", {}), indent="  ")


def _print_fields(fields: dict[str, Any], indent: str = "") -> None:
    for name, value in fields.items():
        first, *others = str("" if value is None else value).splitlines() or [""]
        typer.echo(f"{indent}{printable(name) + ':':<13}{printable(first)}".rstrip())
        for line in others:
            typer.echo(f"{indent}  {printable(line)}".rstrip())


@cli.command()
def retry(
    job_ids: Ids = None,
    kind: Kinds = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
) -> None:
    """Retry jobs immediately, with a fresh number of attempts. Jobs that are running are left alone."""
    ids = _which(job_ids, "--all", kind, every=every)
    number = _do(
        lambda services: services.job_admin.retry_all(kind or ()) if ids is None else services.job_admin.retry(ids)
    )
    typer.echo(f"{_jobs(number)} will run as soon as the server does.")
    if ids is not None and number < len(ids):
        typer.echo(f"{_jobs(len(ids) - number)} left alone, being run at the moment.")


@cli.command()
def drop(
    job_ids: Ids = None,
    kind: Kinds = None,
    *,
    every: Annotated[bool, typer.Option("--all-dead", help="All dead letters.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
) -> None:
    """Permanently delete jobs. They will never be done."""
    ids = _which(job_ids, "--all-dead", kind, every=every)
    if not yes:
        what = "all dead letters" if ids is None else _jobs(len(ids))
        of_kinds = f" of the kind {' or '.join(kind)}" if kind else ""
        typer.confirm(f"Permanently delete {what}{of_kinds}?", abort=True)
    number = _do(
        lambda services: services.job_admin.drop_all(kind or ()) if ids is None else services.job_admin.drop(ids)
    )
    typer.echo(f"{_jobs(number)} deleted.")


def _which(job_ids: list[int] | None, option: str, kinds: list[str] | None, *, every: bool) -> set[int] | None:
    """The selected jobs; None for all dead letters."""
    if every == bool(job_ids):
        raise typer.BadParameter(f"name jobs by their IDs, or use {option}", param_hint="ID…")
    if kinds and not every:
        raise typer.BadParameter(f"only goes with {option}", param_hint="--kind")
    return None if every else set(job_ids or ())


def _do(work: "Callable[[Services], Awaitable[int]]") -> int:
    return carry_out(load_settings(), work)


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{number} jobs"


if __name__ == "__main__":
    start(cli)
