"""What `docs/security.md` says in numbers and lists is what the code does."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from app.accounts import user_manager, webauthn
from app.accounts.schemas.personal_tokens import PersonalTokenInput
from app.accounts.services import invitations, logins, provider_flows, sessions
from app.api import body_last, json_bodies
from app.api.middleware import body_limit, head_limit, large_responses
from app.content.schemas import articles
from app.core.config import Settings
from app.core.schemas import problem
from commands.serving import protocol, server
from tests.security.asvs import DOCUMENT
from tests.support.limits import declared_limits

TEXT = DOCUMENT.read_text(encoding="utf-8")
DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}
LIFETIMES = {
    "Access token": timedelta(seconds=DEFAULTS["access_token_expire_seconds"]),
    "Refresh token": timedelta(days=DEFAULTS["refresh_token_expire_days"]),
    "Personal access token": timedelta(days=PersonalTokenInput.model_fields["expires_in_days"].default),
    "Pending token": logins.PENDING,
    "Verification link": timedelta(hours=user_manager.VERIFICATION_HOURS),
    "Reset link": timedelta(hours=user_manager.RESET_HOURS),
    "Undo link": timedelta(days=user_manager.UNDO_DAYS),
    "Invitation": timedelta(days=invitations.INVITATION_DAYS),
    "Passkey challenge": webauthn.CHALLENGE_TTL,
    "Provider sign-in": provider_flows.FLOW_TTL,
}


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of the tables below a heading."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert len(lines) > 2, heading
    for line in lines[2:]:
        yield [cell.strip(" `") for cell in line.strip("|").split("|")]


def as_time(words: str) -> timedelta:
    number, unit = words.split()
    return timedelta(**{unit: int(number)})


def test_what_is_said_of_lifetimes_is_true() -> None:
    said = {row[0]: row[2] for row in rows("Tokens")}

    assert {name: as_time(said[name]) for name in LIFETIMES} == LIFETIMES
    assert f"yes, but for {sessions.GRACE.seconds} seconds" in TEXT
    assert f"for the {LIFETIMES['Refresh token'].days} days of its first refresh token" in TEXT


def test_what_is_said_of_requests_is_true() -> None:
    bounds = {row[0]: row[1] for row in rows("Limits of a request")}

    assert bounds == {
        "Request line and headers": f"{protocol.MAX_HEAD_BYTES // 1024} KiB",
        "Time for them to come": f"{protocol.HEAD_SECONDS} seconds",
        "Body of an article": f"{articles.MAX_ARTICLE_BYTES // 1024} KiB",
        "Any other body": f"{body_limit.MAX_BODY_BYTES // 1024} KiB",
        "Silence in a body": f"{body_limit.SILENCE_SECONDS:.0f} seconds",
        "Time for all of a body": f"{body_limit.BODY_SECONDS:.0f} seconds",
        "Compressed body": "none is unpacked",
        "Names and values in JSON": f"{json_bodies.MAX_PARTS:,}",
        "Fields of a form": str(body_last.MAX_FORM_FIELDS),
        "Field of a form": f"{body_last.MAX_FORM_PART_BYTES // 1024} KiB",
        "Headers": str(head_limit.MAX_HEADERS),
        "Query parameters": str(head_limit.MAX_PARAMETERS),
        "Errors in a response": f"{problem.MAX_ERRORS}, names cut to {problem.MAX_NAME_LENGTH} characters",
        "Response of which its client reads nothing": f"{protocol.UNREAD_SECONDS} seconds",
        "Large responses that one client has not read yet": f"{large_responses.MAX_UNREAD_BYTES // 1024 // 1024} MiB",
        "Rest of a body whose response has been sent": f"{protocol.REST_SECONDS} seconds",
        "Idle connection": f"{server.KEEP_ALIVE_SECONDS} seconds",
    }


def test_every_limit_is_in_the_document() -> None:
    there = {limit.name: limit.rates for limit in declared_limits()}

    assert {row[0]: row[1] for row in rows("Limits")} == there


def routes_that_give_tokens(app: FastAPI) -> set[str]:
    """Every route whose answer begins or continues a session."""
    giving = set()
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            responses: dict[str, Any] = operation["responses"]
            if any("schemas/TokensOut" in str(response) for response in responses.values()):
                giving.add(f"{method.upper()} {path}")
    return giving


async def test_every_way_in_is_in_the_document(app: FastAPI) -> None:
    said = [row[1] for row in rows("Ways in")]

    assert len(set(said)) == len(said)
    assert set(said) == routes_that_give_tokens(app)


@pytest.mark.parametrize(
    "said",
    ["any\nnumber of sessions", "does not end when somebody logs out at the provider", "it counts as one factor",
     "What is counted", "NIST SP 800-63B", "takes the current password once more"],
)  # fmt: skip
def test_what_has_to_be_said_is_said(said: str) -> None:
    assert said.replace("\n", " ") in " ".join(TEXT.split())
