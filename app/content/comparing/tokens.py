"""Cutting texts into lines, sentences or words, and never in the middle of what people see as one character.

The tokens of a text, put together, are the text.
"""

import regex

# What belongs to the character before it (UAX 29): accents, vowel signs, joiners.
_EXTENDING = r"[\p{GCB=EX}\p{GCB=SM}\p{GCB=ZWJ}]"
_CLOSING = r"""["'\u201d\u2019\u00bb)\]*_]"""
_STOP = r".!?\u2026"
# The full stops of Chinese and Japanese, which no space follows.
_WIDE_STOP = r"\u3002\uff01\uff1f"
# Full stops within numbers and addresses end no sentence; nor do the single line breaks of wrapped paragraphs.
_SENTENCE = regex.compile(
    rf"""
    (?: [^{_STOP}{_WIDE_STOP}\n] | [{_STOP}]++ (?! {_CLOSING}*+ (?: \s | $ ) ) | \n (?! [^\S\n]*+ \n ) )*+
    (?: [{_STOP}{_WIDE_STOP}\n]++ {_CLOSING}*+ \s*+ {_EXTENDING}*+ )?
    """,
    regex.VERBOSE,
)
_WITHOUT_SPACES = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
# Scripts without spaces are compared by character. Flags come before `\X`, which looks back over all of a long row.
_WORD = regex.compile(
    rf"""
    (?: (?= [\p{{L}}\p{{N}}_ -- {_WITHOUT_SPACES}] ) \X )++
    | \p{{GCB=PP}}*+ \p{{GCB=RI}}{{1,2}}+ {_EXTENDING}*+
    | \X
    """,
    regex.VERBOSE | regex.V1,
)
_WORD_CHARACTER = regex.compile(r"[\p{L}\p{N}\p{Extended_Pictographic}]")


def lines(text: str) -> list[str]:
    """Lines with their ends: a line feed, and nothing else that Unicode counts as one."""
    cut = [line + "\n" for line in text.split("\n")]
    last = cut.pop().removesuffix("\n")
    return [*cut, last] if last else cut


def sentences(text: str) -> list[str]:
    """Sentences with the space behind them, as far as punctuation and blank lines tell."""
    return [sentence for sentence in _SENTENCE.findall(text) if sentence]


def words(text: str) -> list[str]:
    """Words, and single characters where there are no words."""
    return _WORD.findall(text)


def has_words(text: str) -> bool:
    """Whether there is more than space and punctuation."""
    return _WORD_CHARACTER.search(text) is not None
