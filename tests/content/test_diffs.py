"""Differences say exactly what has changed, in words that people recognise, whatever the texts are."""

import difflib
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from app.content.comparing.alignment import Aligner
from app.content.comparing.diffs import Operation, operations
from app.content.comparing.tokens import lines, sentences, words
from app.content.comparing.unified import unified
from app.content.schemas.articles import BODY_MAX_LENGTH
from tests.support.examples import examples

pytestmark = pytest.mark.one_database

# What texts are made of, and what is hard to cut: accents, families, flags, joined Hangul, Thai, line ends.
_PIECES = [
    *("one", "two", "three", "don't", "3.11", " ", " ", "\n", "\n\n", "\r\n", ". ", "! ", "。", '."', "- ", "\t"),
    *(
        "e\u0301",
        "\u0301",
        "\u200d",
        "👩‍👩‍👧",
        "👍🏽",
        "🇩🇪",
        "🇫",
        "각",
        "\u1100",
        "日本",
        "ไทย",
        "\u0600",
        "क्ष",
        "\u2028",
        "\x0b",
    ),
]
texts = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join) | st.text(max_size=20).map(
    lambda text: text.replace("\0", "")
)


def _old(found: list[Operation]) -> str:
    return "".join(step.text for step in found if step.kind != "insert")


def _new(found: list[Operation]) -> str:
    return "".join(step.text for step in found if step.kind != "delete")


def _patched(text: str, difference: str) -> str:
    """What `patch` does, but strictly."""
    old = lines(text)
    new: list[str] = []
    position, mark = 0, ""
    for line in lines(difference)[2:]:
        if line.startswith("@"):
            start, _, length = line.split()[1][1:].partition(",")
            first = int(start) - (length != "0")
            new += old[position:first]
            position = first
        elif line.startswith("\\"):
            new[-1:] = [new[-1].removesuffix("\n")] if mark != "-" else new[-1:]
        else:
            mark = line[0]
            position += mark != "+"
            new += [line[1:]] if mark != "-" else []
    return "".join(new + old[position:])


@given(texts)
@examples(150)
def test_tokens_are_the_text_and_divide_no_character(text: str) -> None:
    characters = {match.end() for match in regex.finditer(r"\X", text)}
    for cut in (lines, sentences, words):
        position = 0
        for token in cut(text):
            position += len(token)
            assert position in characters
        assert "".join(cut(text)) == text


@given(texts, texts)
@examples(150)
def test_operations_are_both_texts_and_divide_no_character(old: str, new: str) -> None:
    found = operations(old, new)
    assert (_old(found), _new(found)) == (old, new)
    assert all(step.text for step in found)
    for before, after in pairwise(found):
        assert (before.kind, after.kind) in {
            *(("equal", "delete"), ("equal", "insert"), ("delete", "insert")),
            *(("delete", "equal"), ("insert", "equal")),
        }
    for text, other in ((old, "insert"), (new, "delete")):
        characters = {0} | {match.end() for match in regex.finditer(r"\X", text)}
        position = 0
        for step in found:
            position += len(step.text) if step.kind != other else 0
            assert position in characters


@given(texts, texts)
@examples(150)
def test_the_old_text_with_its_difference_is_the_new_one(old: str, new: str) -> None:
    difference = unified(old, new, old_name="old", new_name="new")
    assert bool(difference) == (old != new)
    assert _patched(old, difference) == new


def test_unified_looks_as_everybody_knows_it() -> None:
    old = "".join(f"line {number}\n" for number in range(30))
    new = old.replace("line 0\n", "first\n").replace("line 15\n", "").replace("line 28\n", "line 28\nmore\n")
    expected = "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "1", "2"))
    assert unified(old, new, old_name="1", new_name="2") == expected
    assert unified("a", "a\n", old_name="1", new_name="2") == (
        "--- 1\n+++ 2\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"
    )
    assert unified("", "a\n", old_name="1", new_name="2") == "--- 1\n+++ 2\n@@ -0,0 +1 @@\n+a\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("", "New.", [("insert", "New.")]),
        ("Same.", "Same.", [("equal", "Same.")]),
        (
            "It is a quick fox.",
            "It is a slow fox.",
            [("equal", "It is a "), ("delete", "quick"), ("insert", "slow"), ("equal", " fox.")],
        ),
        (
            "The cat sat on a mat.",
            "Some words with a wholly other meaning?",
            [("delete", "The cat sat on a mat."), ("insert", "Some words with a wholly other meaning?")],
        ),
        (
            "One.\n\nTwo.\n",
            "One.\n\nNew here.\n\nTwo.\n",
            [("equal", "One.\n\n"), ("insert", "New here.\n\n"), ("equal", "Two.\n")],
        ),
        (
            "我喜欢吃苹果。",
            "我喜欢吃香蕉。",
            [("equal", "我喜欢吃"), ("delete", "苹果"), ("insert", "香蕉"), ("equal", "。")],
        ),
        ("👩‍👩‍👧", "👩‍👩‍👦", [("delete", "👩‍👩‍👧"), ("insert", "👩‍👩‍👦")]),
        ("cafe", "cafe\u0301", [("delete", "cafe"), ("insert", "cafe\u0301")]),
    ],
)
def test_what_people_would_say_has_changed(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert [(step.kind, step.text) for step in operations(old, new)] == expected


def test_a_paragraph_moved_in_a_long_text_is_all_that_has_changed() -> None:
    paragraphs = [f"Paragraph {number} has some words of its own: {number**3}.\n\n" for number in range(2_000)]
    moved = [*paragraphs[:100], *paragraphs[101:1_000], paragraphs[100], *paragraphs[1_000:]]
    found = operations("".join(paragraphs), "".join(moved))
    assert [step.text for step in found if step.kind != "equal"] == [paragraphs[100]] * 2


def test_unique_lines_divide_what_is_too_much_work() -> None:
    """Nearly every other line is the same everywhere, and comparing all with all would take minutes."""
    old = [f"{number}\n" if number % 50 == 0 else "\n" for number in range(60_000)]
    new = [line for number, line in enumerate(old) if number not in {1, 30_001, 59_999}]
    changes = Aligner().changes(["begin", *old, "end"], ["start", *new, "stop"])
    assert sum(change.stop - change.start for change in changes) == 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("a b" * 166_000, "b a" * 166_000, id="repetition"),
        pytest.param("x\n" * 160_000, "x\r\n" * 160_000, id="line ends"),
        pytest.param("🇩" * BODY_MAX_LENGTH, "🇪🇩" * 250_000, id="flags"),
        pytest.param("a" + "\u0301" * 499_999, "e" + "\u0301" * 499_999, id="accents"),
        pytest.param('."' * 250_000, '".' * 250_000, id="punctuation"),
        pytest.param("\n " * 250_000, " \n" * 249_999, id="space"),
        pytest.param("".join(map(str, range(90_000))), "".join(map(str, range(90_000, 1, -1))), id="one word"),
        pytest.param(" ".join(map(str, range(80_000))), " ".join(map(str, range(80_000, 1, -1))), id="other words"),
        pytest.param("\n".join(map(str, range(80_000))), "\n".join(map(str, range(80_000, 1, -1))), id="other lines"),
        pytest.param("日" * BODY_MAX_LENGTH, "本日" * 250_000, id="no spaces"),
    ],
)
def test_hostile_texts_are_only_long(old: str, new: str) -> None:
    """Where one of these is more than a second's work, the test takes minutes or gigabytes."""
    found = operations(old, new)
    assert (_old(found), _new(found)) == (old, new)
    assert _patched(old, unified(old, new, old_name="old", new_name="new")) == new
