import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.totp import matching_step, new_secret, provisioning_uri, qr_svg
from tests.support.examples import examples

# RFC 6238, appendix B, for SHA-1: the ASCII text 12345678901234567890, and the last six of the eight digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_6238 = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
CODE = "005924"
STEP = 1234567890 // 30
# Every code, a step's length and its start, so that tests can count in steps.
START = datetime.fromtimestamp(STEP * 30, UTC)


def at(step: int) -> datetime:
    return START + timedelta(seconds=30 * (step - STEP))


@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
def test_the_codes_of_the_standard_match(seconds: int, code: str) -> None:
    assert matching_step(SECRET, code, datetime.fromtimestamp(seconds, UTC), None) == seconds // 30


@pytest.mark.parametrize("step", [STEP - 1, STEP, STEP + 1])
def test_a_code_matches_one_step_early_or_late(step: int) -> None:
    assert matching_step(SECRET, CODE, at(step), None) == STEP


def test_a_code_matches_to_the_end_of_the_step_after_its_own() -> None:
    assert matching_step(SECRET, CODE, at(STEP + 2) - timedelta(microseconds=1), None) == STEP


@pytest.mark.parametrize("step", [STEP - 2, STEP + 2, STEP + 100_000])
def test_a_code_of_another_time_is_refused(step: int) -> None:
    assert matching_step(SECRET, CODE, at(step), None) is None


def test_the_time_zone_makes_no_difference() -> None:
    local = datetime.fromisoformat("2009-02-14T05:01:30+05:30")

    assert matching_step(SECRET, CODE, local, None) == STEP


@pytest.mark.parametrize("after", [STEP, STEP + 1, STEP + 1000])
def test_a_code_is_refused_once_it_or_a_later_one_was_used(after: int) -> None:
    assert matching_step(SECRET, CODE, at(STEP), after) is None


def test_the_next_code_is_accepted_after_one_was_used() -> None:
    assert matching_step(SECRET, CODE, at(STEP), STEP - 1) == STEP


def test_two_steps_that_share_a_code_are_both_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyotp.TOTP, "generate_otp", lambda *_: CODE)

    step = matching_step(SECRET, CODE, at(STEP), None)

    assert step == STEP + 1
    assert matching_step(SECRET, CODE, at(STEP), step) is None


@pytest.mark.parametrize("code", ["005 924", " 005924 ", "00 59 24", "005\u00a0924", "005924\n"])
def test_spaces_do_not_matter(code: str) -> None:
    assert matching_step(SECRET, code, at(STEP), None) == STEP


@pytest.mark.parametrize(
    "code",
    [
        "",
        "005925",
        "5924",
        "0005924",
        "00592",
        "005924005924",
        "+05924",
        "00592a",
        "0x5924",
        "٠٠٥٩٢٤",
        "００５９２４",  # noqa: RUF001
        "00592\u2074",
        "005-924",
        "\ud800",
        "005924\x00",
        "0" * 100_000,
    ],
)
def test_anything_else_is_refused(code: str) -> None:
    assert matching_step(SECRET, code, at(STEP), None) is None


@examples(100)
@given(st.text())
def test_no_text_raises(code: str) -> None:
    matching_step(SECRET, code, at(STEP), None)


def test_secrets_have_160_bits_and_are_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    assert all(re.fullmatch(r"[A-Z2-7]{32}", secret) for secret in made)


def test_the_address_tells_an_app_all_that_it_needs() -> None:
    parts = urlsplit(provisioning_uri(SECRET, "ada@example.com", "Ada & Co"))

    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Ada%20%26%20Co:ada%40example.com")
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Ada & Co"]}


def test_only_one_colon_separates_the_names() -> None:
    path = urlsplit(provisioning_uri(SECRET, "a:b", "Notes: mine")).path

    assert path == "/Notes%20mine:ab"


def test_the_qr_code_is_an_image_that_asks_for_nothing() -> None:
    svg = qr_svg(provisioning_uri(SECRET, "ada@example.com", "<script>"))

    assert {element.tag for element in ET.fromstring(svg).iter()} == {"svg", "g", "path"}  # noqa: S314
    assert not re.search(r"href|url\(|script|style|xmlns", svg)


def test_another_address_is_another_qr_code() -> None:
    first, second = (qr_svg(provisioning_uri(SECRET, account, "Blog")) for account in ("ada", "bob"))

    assert first != second


def test_long_names_still_make_a_qr_code() -> None:
    assert qr_svg(provisioning_uri(SECRET, "\U0001f600" * 300, "\U0001f600" * 100)).startswith("<svg")
