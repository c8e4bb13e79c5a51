"""`If-Match` and `If-None-Match` on what changes something, whatever the resource."""

import pytest

from app.core.errors import InvalidPrecondition, PreconditionFailed, PreconditionRequired
from app.core.preconditions import Preconditions

pytestmark = pytest.mark.one_database


async def shown() -> dict[str, str]:
    return {"title": "Bread"}


@pytest.mark.parametrize(
    "line",
    ['"5.3"', '"5.3-a1b2"', '"5.3-a1b2-gzip"', "*", ' "other" , "5.3-x"', ',, "5.3",', '"a,b", "5.3-x"', '"", "5.3"'],
)
async def test_a_tag_stands_for_a_version_in_every_encoding(line: str) -> None:
    preconditions = Preconditions.sent([line], [])
    await preconditions.require(shown, "5.3")
    preconditions.settle(shows_existence=False)


@pytest.mark.parametrize("line", ['"5.2"', '"5.33-x"', 'W/"5.3-a1b2"', '""', '"x-5.3"', '"5.3gzip"', '"x,5.3"'])
async def test_another_tag_or_a_weak_one_does_not(line: str) -> None:
    with pytest.raises(PreconditionFailed) as failure:
        await Preconditions.sent([line], []).require(shown, "5.3")

    assert failure.value.headers["ETag"].startswith('"5.3-')


@pytest.mark.parametrize("line", ["", "bread", '"bread', '*, "5.3"', '"a" "b"', "W/*", '"a"b', 'w/"a"', '"ä"', "'a'"])
async def test_what_is_no_list_of_tags_is_refused_as_such(line: str) -> None:
    with pytest.raises(InvalidPrecondition):
        Preconditions.sent([line], [])
    with pytest.raises(InvalidPrecondition):
        Preconditions.sent([], [line])


async def test_without_a_version_the_digest_of_what_is_shown_stands_for_it() -> None:
    with pytest.raises(PreconditionFailed) as failure:
        await Preconditions.sent(['"other"'], []).require(shown)
    tag = failure.value.headers["ETag"]

    await Preconditions.sent([tag], []).require(shown)
    await Preconditions.sent([tag[:-1] + '-zstd"'], []).require(shown)


async def test_no_tag_stands_for_what_cannot_be_shown() -> None:
    await Preconditions.sent(["*"], []).require(None)
    with pytest.raises(PreconditionFailed) as failure:
        await Preconditions.sent(['"None"', '""'], []).require(None)

    assert failure.value.headers == {}


@pytest.mark.parametrize("line", ["*", '"5.3-x"', 'W/"5.3-x"'])
async def test_what_is_there_fails_a_request_that_only_creates(line: str) -> None:
    with pytest.raises(PreconditionFailed):
        await Preconditions.sent([], [line]).require(shown, "5.3")


async def test_what_is_not_there_matches_nothing() -> None:
    Preconditions.sent([], ["*"]).require_absent()
    for line in ("*", '"5.3"'):
        with pytest.raises(PreconditionFailed):
            Preconditions.sent([line], []).require_absent()


@pytest.mark.parametrize(("if_match", "if_none_match"), [(['"a"'], []), ([], ["*"]), ([], ['"a"']), (["*"], [])])
async def test_what_nobody_has_checked_is_not_met(if_match: list[str], if_none_match: list[str]) -> None:
    with pytest.raises(PreconditionFailed):
        Preconditions.sent(if_match, if_none_match).settle(shows_existence=False)


async def test_to_have_changed_something_proves_that_it_was_there() -> None:
    Preconditions.sent(["*"], []).settle(shows_existence=True)
    for if_match, if_none_match in ((['"a"'], []), ([], ["*"])):
        with pytest.raises(PreconditionFailed):
            Preconditions.sent(if_match, if_none_match).settle(shows_existence=True)


async def test_only_requests_have_to_say_what_they_replace() -> None:
    Preconditions().demand()
    for lines in ([], ['"a"']):
        with pytest.raises(PreconditionRequired):
            Preconditions.sent([], lines).demand()
    Preconditions.sent(["*"], []).demand()
    Preconditions.sent([], ["*"]).demand()


async def test_whatever_is_no_request_is_let_through() -> None:
    preconditions = Preconditions()
    await preconditions.require(shown, "5.3")
    preconditions.require_absent()
    preconditions.settle(shows_existence=False)
