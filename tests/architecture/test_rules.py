"""The rules of the house that no linter knows."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.accounts.errors import SecondFactorRequired
from app.api.errors import status_of
from app.core.errors import AppError, Moved, TooManyRequests

REPOSITORY = Path(__file__).parents[2]
MAX_FILE_LINES = 300
# Who owns a transaction.
COMMITTERS = (
    "app/unit_of_work.py",
    "app/db/session.py",
    "app/db/migrations.py",
    "app/db/clearing.py",
    "app/queue/claims.py",
    "app/transfer/importing/importer.py",
)
CATEGORIES = AppError.__subclasses__()
# What some errors have to say beside a sentence.
CARRIED: dict[type[AppError], dict[str, Any]] = {
    Moved: {"former": "", "slug": ""},
    TooManyRequests: {"retry_after": 1},
    SecondFactorRequired: {"pending_token": "", "methods": []},
}


def sources() -> Iterator[tuple[str, str]]:
    """Every source file of the app and its commands: where it is, and its text."""
    for folder in ("app", "commands"):
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            yield path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8")


def calls(source: str) -> Iterator[str]:
    """The last part of the name of all that is called."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def leaves(kind: type[AppError]) -> list[type[AppError]]:
    below = kind.__subclasses__()
    return [leaf for sub in below for leaf in leaves(sub)] if below else [kind]


def test_nobody_commits_but_who_owns_the_transaction() -> None:
    committers = {path for path, source in sources() if "commit" in calls(source)}

    assert "app/unit_of_work.py" in committers
    assert [path for path in committers if not path.startswith(COMMITTERS)] == []


def test_dependencies_are_spelled_in_one_file() -> None:
    assert {path for path, source in sources() if "Depends" in calls(source)} == {"app/api/deps.py"}


def test_no_file_is_too_long() -> None:
    lengths = {path: len(source.splitlines()) for path, source in sources()}

    assert len(lengths) > 50
    assert {path: length for path, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_only_the_clock_asks_what_time_it_is() -> None:
    askers = {path for path, source in sources() if {"now", "utcnow", "today"} & _methods_of_datetime(source)}

    assert askers == {"app/core/clock.py"}


def _methods_of_datetime(source: str) -> set[str]:
    return {
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date"}
    }


def test_imports_point_one_way() -> None:
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    result = subprocess.run(
        [sys.executable, "-c", script, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for category in CATEGORIES for error in {category, *leaves(category)}]

    assert len(codes) > 20
    assert sorted(codes) == sorted(set(codes))
    assert AppError.code not in codes


@pytest.mark.parametrize("error", [leaf for category in CATEGORIES for leaf in leaves(category)])
def test_every_error_has_a_status_and_says_what_is_wrong(error: type[AppError]) -> None:
    assert status_of(error) in range(400, 600) or error is Moved
    assert error.code == error.code.lower()
    assert error.code.isidentifier()
    assert str(error("Said otherwise.", **CARRIED.get(error, {}))) == "Said otherwise."
