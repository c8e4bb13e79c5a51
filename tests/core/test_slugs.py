"""Slugs made of titles in every script, of symbols and of nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.slugs import SLUG_MAX_LENGTH, SLUG_PATTERN, alternatives, slug_for, sort_key
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("Über die Größe", "uber-die-grosse"),
        ("Crème brûlée", "creme-brulee"),
        ("Привет, мир", "privet-mir"),
        ("你好世界", "ni-hao-shi-jie"),
        ("한국어", "hangugeo"),
        ("İstanbul", "istanbul"),
        ("  spaces   and\ttabs ", "spaces-and-tabs"),
        ("-- dashes -- everywhere --", "dashes-everywhere"),
        ("C++ and C# and C", "cpp-and-csharp-and-c"),
        ("Issue #5", "issue-5"),
        ("🎉", "party-popper"),
        ("🎉🎊", "party-popper-confetti-ball"),
        ("I ❤ SQL", "i-sql"),
        ("!?", "exclamation-mark-question-mark"),
        ("", "untitled"),
        ("\x01\x02", "untitled"),
    ],
)
def test_a_title_becomes_a_slug(title: str, slug: str) -> None:
    assert slug_for(title) == slug


@examples(100)
@given(st.text(max_size=300))
def test_any_text_becomes_a_usable_slug(text: str) -> None:
    slug = slug_for(text)

    assert re.fullmatch(SLUG_PATTERN, slug)
    assert len(slug) <= SLUG_MAX_LENGTH


def test_a_long_title_is_cut_between_words() -> None:
    slug = slug_for("notebook " * 30)

    assert slug == "-".join(["notebook"] * 13)


def test_one_endless_word_is_cut_somewhere() -> None:
    assert slug_for("ß" * 200) == "s" * SLUG_MAX_LENGTH


def test_alternatives_are_numbered_first_and_random_then() -> None:
    numbered, random = (found := list(alternatives("title", 2)))[:3], found[3:]

    assert numbered == ["title-2", "title-3", "title-4"]
    assert all(re.fullmatch(r"title-[0-9a-f]{8}", slug) for slug in random)
    assert len(set(random)) == len(random) > 0


@pytest.mark.parametrize("base", ["a" * SLUG_MAX_LENGTH, f"{'a' * (SLUG_MAX_LENGTH - 3)}-bc"])
def test_alternatives_of_the_longest_slug_are_no_longer(base: str) -> None:
    for slug in alternatives(base, 999_999_999):
        assert re.fullmatch(SLUG_PATTERN, slug)
        assert len(slug) <= SLUG_MAX_LENGTH


@pytest.mark.parametrize(
    ("one", "other"), [("Éclair", "eclair"), ("ZEBRA", "zebra"), ("Straße", "STRASSE"), ("ﬁ", "fi")]
)
def test_sorting_sees_neither_case_nor_accents(one: str, other: str) -> None:
    assert sort_key(one) == sort_key(other)


def test_titles_sort_as_readers_expect() -> None:
    assert sorted(["zebra", "Éclair", "apple", "Banana"], key=sort_key) == ["apple", "Banana", "Éclair", "zebra"]
