"""Words and texts made of them: the same for the same seed, and about as compressible as prose."""

from functools import cache
from random import Random

PARAGRAPH_WORDS = 50
_POOL = 5_000
_VOCABULARY = 4_000
_SYLLABLES = [consonant + vowel for consonant in "bcdfghklmnprstvw" for vowel in ("a", "e", "i", "o", "u", "ei", "ou")]


def _word(number: int) -> str:
    """A unique word for each number; low numbers, which are the frequent words, are short."""
    word = _SYLLABLES[number % len(_SYLLABLES)]
    while number := number // len(_SYLLABLES):
        word += _SYLLABLES[number % len(_SYLLABLES)]
    return word


WORDS = [_word(number) for number in range(_VOCABULARY)]


@cache
def texts_of(seed: int) -> "Texts":
    """Cached, as building the pool takes a moment."""
    return Texts(seed)


class Texts:
    """Bodies assembled from a pool of paragraphs, which makes a million of them quick to generate."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        weights = [1 / rank for rank in range(1, _VOCABULARY + 1)]
        self._paragraphs = [
            " ".join(random.choices(WORDS, weights, k=PARAGRAPH_WORDS)).capitalize() + "." for _ in range(_POOL)
        ]

    def body(self, random: Random, words: int) -> tuple[str, str]:
        """A text of this many words, in full paragraphs, as Markdown and as the HTML that is rendered from it."""
        paragraphs = random.choices(self._paragraphs, k=max(1, words // PARAGRAPH_WORDS))
        return "\n\n".join(paragraphs), "<p>" + "</p>\n<p>".join(paragraphs) + "</p>\n"

    def sentence(self, random: Random) -> str:
        """A paragraph for a comment."""
        return random.choice(self._paragraphs)
