"""Reads the audit log: `uv run python -m commands.audit …`."""

import re
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.core import clock
from commands.output import print_json, print_table
from commands.runtime import carry_out, load_settings, validated
from commands.terminal import start

if TYPE_CHECKING:
    from app.accounts.schemas.audit_events import AuditEventOut, AuditFilter
    from app.core.config import Settings

_HELP = """Read the audit log: who did what to what, when and from where.

A MOMENT is a date, a date and time (in UTC unless it has an offset), or an age such as 90s, 30m, 12h, 7d or 2w.

Exit codes: 0 success, 1 refused (invalid or unknown action), 2 invalid usage or settings, 3 database unusable.
"""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PAUSE_SECONDS = 1.0
# More events than happen between two looks.
_BATCH = 500

cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)


def _moment(text: str) -> datetime:
    try:
        if match := re.fullmatch(r"(\d{1,6})([smhdw])", text.strip()):
            return clock.now() - timedelta(**{_UNITS[match[2]]: int(match[1])})
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter("must be a date such as 2026-01-31, or an age such as 7d") from None


Action = Annotated[
    str | None, typer.Option(help="An action, or a prefix ending in a dot to match all actions that start with it.")
]
ActorId = Annotated[int | None, typer.Option(help="The ID of the account that did it.")]
SubjectType = Annotated[str | None, typer.Option(help="The type of resource it was done to, such as users.")]
SubjectId = Annotated[int | None, typer.Option(help="The ID of the resource it was done to.")]
IpAddress = Annotated[str | None, typer.Option("--ip-address", help="The IP address it was done from.")]
Since = Annotated[datetime | None, typer.Option(parser=_moment, metavar="MOMENT", help="At or after this moment.")]
Until = Annotated[datetime | None, typer.Option(parser=_moment, metavar="MOMENT", help="Before this moment.")]
Limit = Annotated[int, typer.Option(min=1, help="Maximum number of events.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


@cli.command("list")
def list_events(
    action: Action = None,
    actor_id: ActorId = None,
    subject_type: SubjectType = None,
    subject_id: SubjectId = None,
    ip_address: IpAddress = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    *,
    as_json: Json = False,
) -> None:
    """List events, newest first."""
    wanted = _filter(action, actor_id, subject_type, subject_id, ip_address, since, until)
    _print(_newest(load_settings(), wanted, limit), as_json=as_json)


@cli.command()
def tail(
    action: Action = None,
    actor_id: ActorId = None,
    subject_type: SubjectType = None,
    subject_id: SubjectId = None,
    ip_address: IpAddress = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 10,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing new events as they happen.")] = False,
    as_json: Json = False,
) -> None:
    """Print the latest events, newest last."""
    settings = load_settings()
    wanted = _filter(action, actor_id, subject_type, subject_id, ip_address, since, until)
    known = _newest(settings, wanted, max(limit, _BATCH) if follow else limit)
    _print(known[:limit][::-1], as_json=as_json)
    if follow:
        try:
            _follow(settings, wanted, {event.id for event in known}, as_json=as_json)
        except KeyboardInterrupt:
            raise typer.Exit from None


@cli.command()
def actions() -> None:
    """List the actions that can be recorded, and what they mean."""
    import app.container  # noqa: F401 - whose domains declare them
    from app.audit.actions import declared_actions

    print_table(("Action", "Meaning"), [(action.name, action.meaning) for action in declared_actions()])


def _follow(settings: "Settings", wanted: "AuditFilter", known: set[int], *, as_json: bool) -> None:
    """Print events not yet known; a highest id would not be enough, as transactions end in any order."""
    while True:
        time.sleep(_PAUSE_SECONDS)
        fresh = [event for event in _newest(settings, wanted, _BATCH) if event.id not in known]
        _print(fresh[::-1], as_json=as_json)
        known |= {event.id for event in fresh}


def _filter(*values: object) -> "AuditFilter":
    from app.accounts.schemas.audit_events import AuditFilter

    return validated(AuditFilter, **dict(zip(AuditFilter.model_fields, values, strict=True)))


def _newest(settings: "Settings", wanted: "AuditFilter", limit: int) -> "Sequence[AuditEventOut]":
    return carry_out(settings, lambda services: services.accounts.audit_trail.newest(wanted, limit))


def _print(events: "Iterable[AuditEventOut]", *, as_json: bool) -> None:
    if as_json:
        print_json(events)
        return
    rows = [_row(event) for event in events]
    if rows:
        print_table(("When (UTC)", "Action", "Who", "What", "IP address", "User agent", "Details"), rows)


def _row(event: "AuditEventOut") -> list[object]:
    who = event.actor and (event.actor.username or f"#{event.actor.id}")
    what = f"{event.subject_type} #{event.subject_id}" if event.subject_type else ""
    details = ", ".join(f"{name}={value}" for name, value in event.details.items())
    return [f"{event.at:%Y-%m-%d %H:%M:%S}", event.action, who, what, event.ip_address, event.user_agent[:60], details]


if __name__ == "__main__":
    start(cli)
