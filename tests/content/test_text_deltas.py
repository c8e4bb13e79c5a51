"""Stored texts come back as they were, cost little, and do no harm when they are damaged."""

import random
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.content.schemas.articles import BODY_MAX_LENGTH
from app.content.text_deltas import DamagedText, compressed, delta, keyframe_is_due, restored
from tests.support.examples import examples

pytestmark = pytest.mark.one_database

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_SYLLABLES = [first + vowel + last for first in "bdfgklmnprstvz" for vowel in "aeiou" for last in "lnrst"]


@given(texts)
@examples(50)
def test_a_keyframe_is_restored(text: str) -> None:
    assert restored(compressed(text), None) == text


@given(texts, texts)
@examples(100)
def test_a_delta_is_restored_with_its_base(text: str, base: str) -> None:
    assert restored(delta(text, base), base) == text


@pytest.mark.parametrize("base", ["", "x", "A base.\r\n"])
@pytest.mark.parametrize("text", ["", "x", "A text.\r\n\n"])
def test_unusual_bases(text: str, base: str) -> None:
    assert restored(delta(text, base), base) == text
    assert delta(text, base) == delta(text, base)


def test_the_longest_text_finds_everything_in_its_base() -> None:
    dice = random.Random(1)  # noqa: S311
    base = "".join(chr(0x20000 + dice.randrange(40_000)) for _ in range(BODY_MAX_LENGTH))
    half = BODY_MAX_LENGTH // 2
    text = base[half:] + base[:half]
    stored = delta(text, base)
    assert len(stored) < 2_000
    assert restored(stored, base) == text


def test_a_delta_needs_its_own_base() -> None:
    base = "Some sentence that is long enough to be referred to."
    stored = delta(base + " More.", base)
    for other in (None, "", base.upper(), base[:-1]):
        with pytest.raises(DamagedText):
            restored(stored, other)


@given(st.sampled_from(["", "x", "A sentence, and another sentence. " * 20]), st.data())
@examples(150)
def test_a_flipped_bit_is_found_or_does_not_matter(text: str, data: st.DataObject) -> None:
    stored = bytearray(compressed(text))
    bit = data.draw(st.integers(0, 8 * len(stored) - 1))
    stored[bit // 8] ^= 1 << bit % 8
    with suppress(DamagedText):
        # The format has a bit that readers have to ignore.
        assert restored(bytes(stored), None) == text


@given(st.binary(max_size=60))
@examples(100)
def test_any_bytes_are_damaged_at_worst(data: bytes) -> None:
    for base in (None, "A base."):
        with pytest.raises(DamagedText):
            restored(data, base)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(compressed("A text.") + b"more", id="more bytes"),
        pytest.param(compressed("A text. " * 9)[:-1], id="fewer bytes"),
        pytest.param(zstandard.ZstdCompressor(write_checksum=True).compress(b"\xff"), id="no text"),
        pytest.param(zstandard.ZstdCompressor(write_checksum=False).compress(b"A text."), id="no checksum"),
    ],
)
def test_what_was_not_written_here(data: bytes) -> None:
    with pytest.raises(DamagedText):
        restored(data, None)


@pytest.mark.parametrize("tells_size", [True, False])
def test_no_memory_for_more_than_a_text(tells_size: bool) -> None:
    bomb = zstandard.ZstdCompressor(write_checksum=True, write_content_size=tells_size)
    with pytest.raises(DamagedText):
        restored(bomb.compress(bytes(4 * BODY_MAX_LENGTH + 1)), None)


def test_the_first_text_and_a_wholly_different_one_are_keyframes() -> None:
    old, new = (" ".join(map(str, numbers)) for numbers in (range(1_000), range(5_000, 6_000)))
    assert keyframe_is_due(len(delta(new, "")), len(compressed("")))
    assert keyframe_is_due(len(delta(new, old)), len(compressed(old)))
    assert not keyframe_is_due(len(delta(old + " The end.", old)), len(compressed(old)))


def test_a_thousand_saves_of_a_long_article_cost_little() -> None:
    """Words are written, paragraphs pasted and moved, and sometimes everything is replaced."""
    dice = random.Random(2)  # noqa: S311
    vocabulary = ["".join(dice.choices(_SYLLABLES, k=dice.randint(1, 3))) for _ in range(5_000)]

    def paragraph() -> str:
        return " ".join(dice.choices(vocabulary, k=90)) + "."

    paragraphs, stored, base, keyframe_bytes = [paragraph() for _ in range(170)], 0, "", 0
    for save in range(1, 1_001):
        if save % 500 == 0:
            paragraphs = [paragraph() for _ in paragraphs]
        elif save % 50 == 0:
            paragraphs[dice.randrange(170)] = paragraph()
        elif save % 10 == 0:
            paragraphs.insert(dice.randrange(170), paragraphs.pop(dice.randrange(170)))
        else:
            paragraphs[dice.randrange(170)] += " " + " ".join(dice.choices(vocabulary, k=10)) + "."
        text = "\n\n".join(paragraphs)
        stored_bytes = len(delta(text, base))
        if keyframe_is_due(stored_bytes, keyframe_bytes):
            base, keyframe_bytes = text, len(compressed(text))
            stored_bytes = keyframe_bytes
        stored += stored_bytes
    assert len(text) > 100_000
    assert stored < 5_000_000
