"""What OWASP's ASVS 5.0.0 asks of authentication, sessions and self-contained tokens, and what of it holds here.

Each row names a requirement by its number and level there; the words are ours. `python -m tests.security.asvs` writes
the table into `docs/security.md`.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.security.asvs.authentication import AUTHENTICATION
from tests.security.asvs.federation import FEDERATION
from tests.security.asvs.rows import Covered, NotApplicable, Open
from tests.security.asvs.second_factors import SECOND_FACTORS
from tests.security.asvs.sessions import SESSIONS
from tests.security.asvs.tokens import TOKENS

DOCUMENT = Path(__file__).parents[3] / "docs" / "security.md"
BEGIN, END = "<!-- asvs: begin -->\n", "<!-- asvs: end -->\n"
REQUIREMENTS = (*AUTHENTICATION, *SECOND_FACTORS, *FEDERATION, *SESSIONS, *TOKENS)
_CHAPTERS = {"6": "V6 Authentication", "7": "V7 Sessions", "9": "V9 Self-contained tokens"}


def table() -> str:
    """All of it as Markdown."""
    return "\n".join(_lines())


def with_table(text: str) -> str:
    """The document with the table as it is now. Raises `ValueError` if it has no place for one."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no {BEGIN.strip()} or no {END.strip()}")
    return f"{before}{begin}{table()}\n{end}{after}"


def _lines() -> Iterator[str]:
    for number, title in _CHAPTERS.items():
        rows = [row for row in REQUIREMENTS if row.chapter == number]
        counts = [sum(isinstance(row.verdict, kind) for row in rows) for kind in (Covered, Open, NotApplicable)]
        yield f"\n### {title}\n"
        yield "Of {} requirements {} are covered, {} open and {} not applicable.\n".format(len(rows), *counts)
        yield "| | Level | What is asked | Verdict | How, or why not |"
        yield "|---|---|---|---|---|"
        for row in rows:
            yield f"| {row.id} | {row.level} | {row.summary} | {row.verdict.name} | {row.verdict.text()} |"
    yield ""
