"""Merges take what is certain from both sides, ask about the rest, and lose nothing."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.comparing.merging import Conflict, TextMerge, merged_texts
from app.content.schemas.articles import BODY_MAX_LENGTH
from tests.support.examples import examples

pytestmark = pytest.mark.one_database

_ENDS = [" ", " ", " ", ", ", ". ", "! ", "\n", "\n\n", "\r\n", " 日本。"]
words = st.sampled_from(["red", "green", "blue", "a", "e\u0301", "👩‍👩‍👧", "本", "🇩🇪"])
texts = st.lists(st.tuples(words, st.sampled_from(_ENDS)).map("".join), max_size=30).map("".join)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str, str]:
    """A text of words that occur once, and two versions in which words are replaced, inserted and deleted."""
    base = [f"b{number}{draw(st.sampled_from(_ENDS))}" for number in range(draw(st.integers(0, 40)))]

    def version(side: str) -> str:
        tokens = list(base)
        for number in range(draw(st.integers(0, 5))):
            place = draw(st.integers(0, len(tokens)))
            count = draw(st.sampled_from([0, 0, 1, 1, 1, 2, 8]))
            new = [f"{side}{number}x{index}{draw(st.sampled_from(_ENDS))}" for index in range(draw(st.integers(0, 3)))]
            tokens[place : place + count] = new
        return "".join(tokens)

    return "".join(base), version("m"), version("t")


def _words(text: str) -> set[str]:
    return set(re.findall(r"[bmt]\w+", text))


def _agreed(merge: TextMerge) -> str:
    return " ".join(hunk for hunk in merge.hunks if isinstance(hunk, str))


@given(edited())
@examples(200)
def test_nothing_that_either_side_wrote_is_lost(versions: tuple[str, str, str]) -> None:
    base, mine, theirs = versions
    merge = merged_texts(base, mine, theirs)
    agreed = _words(_agreed(merge))
    in_my_conflicts = _words(" ".join(conflict.mine for conflict in merge.conflicts))
    in_their_conflicts = _words(" ".join(conflict.theirs for conflict in merge.conflicts))
    assert _words(mine) - _words(base) <= agreed | in_my_conflicts
    assert _words(theirs) - _words(base) <= agreed | in_their_conflicts
    # What nobody has deleted is still there, and what one side has deleted comes back at most by the other's choice.
    assert _words(mine) & _words(theirs) <= agreed | in_my_conflicts | in_their_conflicts
    assert not _words(merge.resolved("mine")) & (_words(base) - _words(mine))
    assert not _words(merge.resolved("theirs")) & (_words(base) - _words(theirs))


@given(edited())
@examples(80)
def test_sides_are_equal(versions: tuple[str, str, str]) -> None:
    base, mine, theirs = versions
    merge, mirrored = merged_texts(base, mine, theirs), merged_texts(base, theirs, mine)
    assert merge.resolved("mine") == mirrored.resolved("theirs")
    assert merge.resolved("theirs") == mirrored.resolved("mine")


@given(texts, texts, texts)
@examples(80)
def test_hunks_alternate_and_say_something(base: str, mine: str, theirs: str) -> None:
    merge = merged_texts(base, mine, theirs)
    kinds = [isinstance(hunk, Conflict) for hunk in merge.hunks]
    assert all(before != after for before, after in pairwise(kinds))
    assert all(merge.hunks)
    for conflict in merge.conflicts:
        assert conflict.mine != conflict.theirs
        assert conflict.base is not None
        assert conflict.base in base
        assert conflict.mine in mine
        assert conflict.theirs in theirs


@given(texts, texts)
@examples(80)
def test_what_one_side_or_both_did_is_taken_exactly(base: str, other: str) -> None:
    expected = (other,) if other else ()
    assert merged_texts(base, other, base).hunks == expected
    assert merged_texts(base, base, other).hunks == expected
    assert merged_texts(base, other, other).hunks == expected


@given(texts, texts)
@examples(80)
def test_without_a_base_every_difference_is_a_conflict(mine: str, theirs: str) -> None:
    merge = merged_texts(None, mine, theirs)
    assert merge.resolved("mine") == mine
    assert merge.resolved("theirs") == theirs
    assert all(conflict.base is None for conflict in merge.conflicts)
    assert bool(merge.conflicts) == (mine != theirs)


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        pytest.param(
            "One.\n\nTwo.\n\nThree.\n",
            "One, and more.\n\nTwo.\n\nThree.\n",
            "One.\n\nTwo.\n\nThird.\n",
            "One, and more.\n\nTwo.\n\nThird.\n",
            id="paragraphs",
        ),
        pytest.param(
            "The first is here.\n\nThe second is there.\n",
            "Something else altogether!\n\nThe second is there.\n",
            "The first is here.\n\nA wholly new ending.\n",
            "Something else altogether!\n\nA wholly new ending.\n",
            id="paragraphs next to each other",
        ),
        pytest.param(
            "Here it begins. Here it goes on. Here it ends.",
            "This is new to all of you. Here it goes on. Here it ends.",
            "Here it begins. Other things happened. Here it ends.",
            "This is new to all of you. Other things happened. Here it ends.",
            id="sentences of one line",
        ),
        pytest.param(
            "The quick brown fox jumps over the lazy dog",
            "The slow brown fox jumps over the lazy dog",
            "The quick brown fox jumps over the tired dog",
            "The slow brown fox jumps over the tired dog",
            id="words of one sentence",
        ),
        pytest.param("Begin.\n", "Begin.\n\nSame.\n", "Begin.\n\nSame.\n", "Begin.\n\nSame.\n", id="the same"),
        pytest.param("One.\n\nTwo.\n", "Two.\n", "One.\n\n", "", id="each deletes another"),
        pytest.param(
            "A line.\r\nAnother line.\r\n",
            "A line.\nAnother line.\n",
            "A line.\r\nAnother new line.\r\n",
            "A line.\nAnother new line.\n",
            id="line ends",
        ),
    ],
)
def test_what_is_certain_is_merged(base: str, mine: str, theirs: str, merged: str) -> None:
    assert merged_texts(base, mine, theirs).hunks == ((merged,) if merged else ())


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "hunks"),
    [
        pytest.param(
            "Before.\n\nIt is good.\n\nAfter.\n",
            "Before.\n\nIt is very good.\n\nAfter.\n",
            "Before.\n\nIt is bad.\n\nAfter.\n",
            (
                "Before.\n\n",
                Conflict("It is good.\n", "It is very good.\n", "It is bad.\n"),
                "\nAfter.\n",
            ),
            id="the same word",
        ),
        pytest.param(
            "one two three four",
            "one TWO three four",
            "one two THREE four",
            (Conflict("one two three four", "one TWO three four", "one two THREE four"),),
            id="words next to each other",
        ),
        pytest.param(
            "First.\n\nLast.\n",
            "First.\n\nMine.\n\nLast.\n",
            "First.\n\nTheirs.\n\nLast.\n",
            ("First.\n\n", Conflict("", "Mine.\n\n", "Theirs.\n\n"), "Last.\n"),
            id="two paragraphs in the same place",
        ),
        pytest.param(
            "One.\n\nTwo is long.\n\nThree.\n",
            "One.\n\nThree.\n",
            "One.\n\nTwo is very long.\n\nThree.\n",
            ("One.\n\n", Conflict("Two is long.\n\n", "", "Two is very long.\n\n"), "Three.\n"),
            id="deleted and changed",
        ),
        pytest.param("", "Mine.", "Theirs.", (Conflict("", "Mine.", "Theirs."),), id="nothing to begin with"),
        pytest.param(
            "It is true. Yes. It is new.",
            "It is not true. Yes. It is new and shiny.",
            "It is false. Yes. It is new.",
            (Conflict("It is true. ", "It is not true. ", "It is false. "), "Yes. It is new and shiny."),
            id="one sentence of three",
        ),
    ],
)
def test_what_is_in_doubt_is_a_conflict(base: str, mine: str, theirs: str, hunks: tuple[str | Conflict, ...]) -> None:
    assert merged_texts(base, mine, theirs).hunks == hunks


@pytest.mark.parametrize("base", ["word " * 100_000, "日" * BODY_MAX_LENGTH, "x\n" * 250_000, ". " * 250_000])
def test_hostile_texts_are_only_long(base: str) -> None:
    """Where one of these is more than a second's work, the test takes minutes or gigabytes."""
    mine = "mine " + base[: BODY_MAX_LENGTH // 2] + " mine " + base[BODY_MAX_LENGTH // 2 + 9 :]
    theirs = base[9:] + " theirs"
    merge = merged_texts(base, mine, theirs)
    assert merge.resolved("mine").count("mine") == 2
    assert merge.resolved("theirs").count("theirs") == 1
