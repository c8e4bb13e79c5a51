"""The one form in which a password is judged, hashed and compared, however it is typed."""

import unicodedata

MIN_LENGTH = 10
MAX_LENGTH = 256


def normalised(password: str) -> str:
    """The password in NFKC, as NIST SP 800-63B asks for, with plain spaces, as RFC 8265 does.

    Keyboards and systems encode what looks the same in different ways: an é in one character or two, Hangul in
    syllables or letters, Latin in full width.
    """
    form = unicodedata.normalize("NFKC", password)
    return "".join(" " if unicodedata.category(character) == "Zs" else character for character in form)


def has_valid_length(password: str) -> bool:
    """Whether it is neither too short nor too long, counted in that form."""
    return MIN_LENGTH <= len(normalised(password)) <= MAX_LENGTH
