"""When two names are one."""

# ruff: noqa: RUF001 - that letters look alike is the point

import unicodedata

import pytest

from app.core.names import name_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("JavaScript", "javascript"),
        ("slow travel", "  Slow \t travel "),
        ("slow travel", "slow\u00a0travel"),
        ("slow travel", "slow\u3000travel"),
        ("schön", unicodedata.normalize("NFD", "SCHÖN")),
        ("Straße", "STRASSE"),
        ("Straße", "STRAẞE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ｃｏｌｏｐｈｏｎ", "colophon"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("ﬁsh", "FISH"),
        ("한글", unicodedata.normalize("NFD", "한글")),
        ("❤\ufe0f", "❤"),
        ("co\u00adop", "coop"),
        ("\ufefftravel\u200b", "travel"),
        ("\u200fמסע", "מסע"),
        ("ᾳ", "ΑΙ"),
    ],
)
def test_case_white_space_and_unicode_form_do_not_matter(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("世界", "视界"),
        ("世界", "shi jie"),
        ("schön", "schon"),
        ("pêche", "péché"),
        ("pêche", "peche"),
        ("مصر", "مسر"),
        ("Мир", "Mir"),
        ("Жук", "Zhuk"),
        ("İ", "i"),
        ("ı", "i"),
        ("ø", "o"),
        ("ł", "l"),
        ("ñ", "n"),
        ("で", "て"),
        ("C", "C++"),
        ("C#", "C"),
        (".net", "net"),
        ("slow-travel", "slow travel"),
        ("slowtravel", "slow travel"),
        ("🎉", "party popper"),
        ("می\u200cروم", "میروم"),
        ("👩\u200d💻", "👩💻"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴"),
    ],
)
def test_everything_else_does(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("name", ["ΐ", "ᾳ\u0345", "ﷺ", "Ǆ", "ẛ̣", "㍿", "ᾼ", "\u0345", "ſt", "Å"])
def test_the_key_of_a_key_is_the_key(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
