"""The table of requirements is complete, and what it claims can be looked up."""

import ast
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.security.asvs import DOCUMENT, REQUIREMENTS, with_table
from tests.security.asvs.rows import Covered, NotApplicable, Open, Requirement

REPOSITORY = Path(__file__).parents[2]
# How many requirements each section of the standard has.
SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
    "9.1": 3, "9.2": 4,
}  # fmt: skip
NAMED = sorted({test for row in REQUIREMENTS if isinstance(row.verdict, Covered) for test in row.verdict.tests})


Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def functions_of(path: str) -> dict[str, Function]:
    """The functions of a file, which is read and not imported."""
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, Function)}


def asserts_something(function: ast.AST, neighbours: Mapping[str, Function]) -> bool:
    """Whether it can fail: by asserting, by expecting an error, or by calling a neighbour that does."""
    if any(isinstance(node, ast.Assert) for node in ast.walk(function)):
        return True
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    others = {name: neighbour for name, neighbour in neighbours.items() if neighbour is not function}
    return bool(names & {"raises", "problem_in", "check_password"}) or any(
        asserts_something(others[name], {}) for name in names & others.keys()
    )


def test_every_requirement_has_exactly_one_verdict() -> None:
    asked = [f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)]

    assert [row.id for row in REQUIREMENTS] == asked
    assert Counter(row.chapter for row in REQUIREMENTS) == {"6": 47, "7": 19, "9": 7}
    assert Counter(row.level for row in REQUIREMENTS) == {1: 23, 2: 37, 3: 13}


@pytest.mark.parametrize("row", REQUIREMENTS, ids=lambda row: row.id)
def test_a_verdict_says_what_it_rests_on(row: Requirement) -> None:
    assert row.summary
    assert not any("|" in text or "\n" in text for text in (row.summary, row.verdict.text()))
    match row.verdict:
        case Covered(tests=tests):
            assert tests
            assert len(set(tests)) == len(tests)
        case NotApplicable(why) | Open(why):
            assert why.endswith(".")


@pytest.mark.parametrize("test", NAMED)
def test_a_test_that_is_named_is_there(test: str) -> None:
    path, _, name = test.partition("::")

    functions = functions_of(path)

    assert name in functions, f"{test} is named in tests/security/asvs but is not there"
    assert name.startswith("test_")
    assert asserts_something(functions[name], functions), f"{test} asserts nothing"


def test_a_test_that_is_not_there_would_be_missed() -> None:
    here = "tests/security/test_asvs.py"

    assert "test_a_test_that_is_named_is_there" in functions_of(here)
    assert "test_that_nobody_has_written" not in functions_of(here)
    assert not asserts_something(ast.parse("def test_nothing():\n    print()"), functions_of(here))


def test_the_document_has_this_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert text == with_table(text), "write it anew: .venv/bin/python -m tests.security.asvs"
