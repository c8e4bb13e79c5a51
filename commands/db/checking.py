from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from commands.db.maintaining import maintain
from commands.output import print_json
from commands.runtime import REFUSED, load_settings

if TYPE_CHECKING:
    from app.ops.maintenance.findings import Finding


def check(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Correct wrong counters; nothing else.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Check the database for damage, broken references, wrong counters and other problems.

    The blog may be running meanwhile. Exit codes: 0 no problems, 1 problems found.
    """
    settings = load_settings()
    url = settings.direct_url

    async def look() -> "list[Finding]":
        from app.ops.maintenance.checks import check as findings_in
        from app.ops.maintenance.counters import repair_counters

        if repair:
            repaired = await repair_counters(url)
            typer.echo(f"Rows with corrected counters: {repaired}.", err=as_json)
        return await findings_in(url)

    report(maintain(url, look), as_json=as_json)


def report(findings: "Sequence[Finding]", *, as_json: bool = False) -> None:
    """Print the findings, and exit accordingly."""
    wrong = [finding for finding in findings if finding.kind == "finding"]
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            typer.echo(f"{'Note: ' if finding.kind == 'note' else ''}{finding}.")
        typer.echo(f"Problems found: {len(wrong)}." if wrong else "No problems found.")
    if wrong:
        raise typer.Exit(REFUSED)
