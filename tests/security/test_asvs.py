"""The table of requirements is complete, and what it claims can be looked up."""

import ast
from collections import Counter
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


@cache
def tests_in(path: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The tests of a file, which is read and not imported."""
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name: function for function in functions if function.name.startswith("test_")}


def asserts_something(function: ast.AST) -> bool:
    """Whether it can fail: by asserting, expecting an error, or having a helper look at an answer."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    return any(isinstance(node, ast.Assert) for node in ast.walk(function)) or bool(
        names & {"raises", "problem_in", "check_password"}
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

    function = tests_in(path).get(name)

    assert function is not None, f"{test} is named in tests/security/asvs but is not there"
    assert asserts_something(function), f"{test} asserts nothing"


def test_a_test_that_is_not_there_would_be_missed() -> None:
    assert "test_a_test_that_is_named_is_there" in tests_in("tests/security/test_asvs.py")
    assert "test_that_nobody_has_written" not in tests_in("tests/security/test_asvs.py")
    assert not asserts_something(ast.parse("def test_nothing():\n    pass"))


def test_the_document_has_this_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert text == with_table(text), "write it anew: .venv/bin/python -m tests.security.asvs"
