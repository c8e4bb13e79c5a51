"""Cursors come from clients, who may send anything."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidCursor
from app.db.cursors import Value, decode_cursor, encode_cursor
from tests.support.examples import examples

NOW = datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC)


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@examples(100)
@given(
    st.datetimes(timezones=st.just(UTC)),
    st.text(st.characters(exclude_characters="\x00", codec="utf-8")),
    st.integers(-(2**63) + 1, 2**63 - 1),
)
def test_what_goes_in_comes_out(moment: datetime, text: str, number: int) -> None:
    values: list[Value] = [moment, text, number]

    assert decode_cursor(encode_cursor("list", values), "list", [datetime, str, int]) == values


def test_a_cursor_can_stand_in_an_address_as_it_is() -> None:
    cursor = encode_cursor("list", [NOW, "¿?/&=+ " * 20, 1])

    assert cursor.replace("-", "").replace("_", "").isalnum()


@examples(100)
@given(st.text())
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(garbage, "list", [int])


@pytest.mark.parametrize(
    "content",
    [
        ["other", 1],
        ["list"],
        ["list", 1, 2],
        ["list", "1"],
        ["list", 1.0],
        ["list", True],
        ["list", None],
        ["list", [1]],
        ["list", {"a": 1}],
        ["list", 2**63],
        ["list", -(2**63)],
        ["list", 10**400],
        [["list"], 1],
        [],
        {},
        {"list": 1},
        "list",
        1,
        None,
    ],
    ids=lambda content: json.dumps(content)[:30],
)
def test_other_values_than_a_list_of_numbers_has_are_refused(content: object) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encoded(content), "list", [int])


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T12:30:15", "2026-11-20", "yesterday", "", "2026-13-40T00:00:00+00:00", "NaN", "\x00", 1_700_000_000],
)
def test_a_time_without_an_offset_is_refused(text: object) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encoded(["list", text]), "list", [datetime])


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))),
    ],
)
def test_a_time_that_is_out_of_reach_in_utc_is_refused(moment: datetime) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor("list", [moment]), "list", [datetime])


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "a\udfffb"])
def test_a_text_that_no_database_takes_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encoded(["list", text]), "list", [str])


@pytest.mark.parametrize("raw", [b"[" * 100_000, b"\xff\xfe", b'["list",1', b'["list",Infinity]', b"1" * 5000])
def test_what_is_not_proper_json_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(base64.urlsafe_b64encode(raw).decode(), "list", [int])


def test_the_error_names_the_parameter() -> None:
    with pytest.raises(InvalidCursor) as caught:
        decode_cursor("garbage", "list", [int])

    assert caught.value.field == "cursor"
