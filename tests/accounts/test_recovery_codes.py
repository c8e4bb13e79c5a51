import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.recovery_codes import digest, new_codes
from tests.support.examples import examples

CODE = "abcdef-ghijkl-mnopqr-stuv27"


def test_codes_are_four_groups_of_base32() -> None:
    assert all(re.fullmatch(r"[a-z2-7]{6}(-[a-z2-7]{6}){3}", code) for code in new_codes(100))


def test_there_are_ten_unless_asked_otherwise() -> None:
    assert len(new_codes()) == 10
    assert len(new_codes(3)) == 3


def test_no_code_comes_twice() -> None:
    codes = new_codes(1000)

    assert len(set(codes)) == 1000
    assert len({digest(code) for code in codes}) == 1000


def test_every_position_takes_every_character() -> None:
    plain = [code.replace("-", "") for code in new_codes(1000)]

    assert all(len(set(column)) == 32 for column in zip(*plain, strict=True))


def test_the_digest_is_a_plain_hash_of_the_letters_and_digits() -> None:
    assert digest(CODE) == hashlib.sha256(b"abcdefghijklmnopqrstuv27").hexdigest()


@pytest.mark.parametrize(
    "typed",
    [
        "ABCDEF-GHIJKL-MNOPQR-STUV27",
        "abcdefghijklmnopqrstuv27",
        "  abcdef ghijkl mnopqr stuv27\n",
        "abcdef\u00a0ghijkl\tmnopqr stuv27",
        "abcdef\u2013ghijkl\u2014mnopqr\u2011stuv27",
    ],
)
def test_case_spaces_and_dashes_do_not_matter(typed: str) -> None:
    assert digest(typed) == digest(CODE)


@pytest.mark.parametrize("other", ["", "abcdef", "abcdef-ghijkl-mnopqr-stuv22", "bacdef-ghijkl-mnopqr-stuv27"])
def test_another_code_has_another_digest(other: str) -> None:
    assert digest(other) != digest(CODE)


@examples(100)
@given(st.text())
def test_any_text_has_a_digest(text: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", digest(text))


def test_half_of_a_surrogate_pair_has_a_digest() -> None:
    assert len(digest("\ud800")) == 64
