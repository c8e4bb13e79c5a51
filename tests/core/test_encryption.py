import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.encryption import Cipher, Undecryptable
from tests.support.examples import examples

OLD = "an old secret of more than 32 bytes"
NEW = "a new secret of more than 32 bytes"


@examples(50)
@given(st.text())
def test_what_goes_in_comes_out(text: str) -> None:
    cipher = Cipher([NEW])

    assert cipher.decrypt(cipher.encrypt(text)) == text


def test_nothing_of_the_text_is_to_be_seen() -> None:
    cipher = Cipher([NEW])

    encrypted = cipher.encrypt("GEZDGNBVGY3TQOJQ")

    assert "GEZDGNBVGY3TQOJQ" not in encrypted
    assert encrypted.isascii()
    assert cipher.encrypt("GEZDGNBVGY3TQOJQ") != encrypted


def test_another_start_with_the_same_secret_decrypts() -> None:
    assert Cipher([NEW]).decrypt(Cipher([NEW]).encrypt("text")) == "text"


def test_older_secrets_still_decrypt() -> None:
    assert Cipher([NEW, OLD]).decrypt(Cipher([OLD]).encrypt("text")) == "text"


def test_the_first_secret_encrypts() -> None:
    encrypted = Cipher([NEW, OLD]).encrypt("text")

    assert Cipher([NEW]).decrypt(encrypted) == "text"
    with pytest.raises(Undecryptable):
        Cipher([OLD]).decrypt(encrypted)


def test_what_was_renewed_needs_the_old_secret_no_longer() -> None:
    renewed = Cipher([NEW, OLD]).renew(Cipher([OLD]).encrypt("text"))

    assert Cipher([NEW]).decrypt(renewed) == "text"


def test_what_no_secret_decrypts_cannot_be_renewed() -> None:
    with pytest.raises(Undecryptable):
        Cipher([NEW]).renew(Cipher([OLD]).encrypt("text"))


@pytest.mark.parametrize("position", [0, 1, 20, 40, -5])
def test_a_changed_text_is_refused(position: int) -> None:
    cipher = Cipher([NEW])
    encrypted = list(cipher.encrypt("text"))
    encrypted[position] = "A" if encrypted[position] != "A" else "B"

    with pytest.raises(Undecryptable):
        cipher.decrypt("".join(encrypted))


@examples(50)
@given(st.text())
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(Undecryptable):
        Cipher([NEW, OLD]).decrypt(garbage)


@pytest.mark.parametrize("garbage", ["\ud800", "gAAAAA", "=", "¿"])
def test_garbage_that_is_no_proper_text_is_refused(garbage: str) -> None:
    with pytest.raises(Undecryptable):
        Cipher([NEW]).decrypt(garbage)


def test_a_secret_is_needed() -> None:
    with pytest.raises(ValueError, match="Fernet"):
        Cipher([])
