"""What nobody may guess comes from the operating system, and there is enough of it."""

import ast
from pathlib import Path
from secrets import SystemRandom

import pyotp

from app.accounts import recovery_codes, totp
from app.accounts.services.challenges import Challenges
from app.core.opaque_tokens import digest_of, new_token

REPOSITORY = Path(__file__).parents[2]
# Spreads the tries to get SQLite's lock, which no attacker gains anything from.
PREDICTABLE = {"app/db/sqlite.py"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_no_secret_is_drawn_from_a_predictable_source() -> None:
    drawing = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("app", "commands")
        for path in (REPOSITORY / folder).rglob("*.py")
        if "random" in imports(path)
    }

    assert drawing == PREDICTABLE
    # The one secret that a library draws.
    assert isinstance(pyotp.random, SystemRandom)


def test_a_token_has_256_bits_and_no_two_are_alike() -> None:
    tokens = {new_token("clr") for _ in range(1000)}

    assert len(tokens) == 1000
    assert {len(token.removeprefix("clr_")) for token in tokens} == {43}
    for position in range(42):
        assert len({token[4 + position] for token in tokens}) > 50


def test_only_what_nobody_can_try_out_is_stored_as_a_plain_hash() -> None:
    (code,) = recovery_codes.new_codes(1)

    assert len(code.replace("-", "")) * 5 >= 112
    assert len(digest_of(new_token("clr"))) == len(recovery_codes.digest(code)) == 64
    assert len(totp.new_secret()) * 5 >= 160


def test_a_challenge_has_256_bits_and_no_two_are_alike() -> None:
    challenges = {Challenges.draw() for _ in range(1000)}

    assert len(challenges) == 1000
    assert {len(challenge) for challenge in challenges} == {32}
