"""Keeping answers: found until something that they show changes, and within bounds."""

import gzip

import pytest
import zstandard

from app.cache import store as response_store
from app.cache.entry import CachedResponse
from app.cache.keys import EVERYTHING
from app.cache.store import ResponseStore

ONE, OTHER = ("/one", b""), ("/other", b"")
ROOM = 1_000_000


def a_response(*keys: str, body: bytes = b"{}", made_at: float = float("inf")) -> CachedResponse:
    return CachedResponse(body, ((b"content-type", b"application/json"),), frozenset(keys), made_at)


@pytest.fixture
def store() -> ResponseStore:
    return ResponseStore(ROOM)


def test_an_answer_is_kept_for_what_was_asked(store: ResponseStore) -> None:
    response = a_response("a")

    store.put(ONE, response, store.version())

    assert store.get(ONE) is response
    assert store.get(("/one", b"page=2")) is None
    assert (store.hits, store.fills, len(store)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("invalidated", "left"), [(["a"], 1), (["b"], 0), (["c"], 2), (["a", "b"], 0), ([EVERYTHING], 0)]
)
def test_what_has_changed_is_forgotten(store: ResponseStore, invalidated: list[str], left: int) -> None:
    store.put(ONE, a_response("a", "b"), store.version())
    store.put(OTHER, a_response("b"), store.version())

    store.invalidate(invalidated)

    assert len(store) == left
    assert (store.bytes > 0) is (left > 0)


def test_what_is_left_can_still_be_forgotten(store: ResponseStore) -> None:
    store.put(ONE, a_response("a", "b"), store.version())
    store.put(OTHER, a_response("b"), store.version())

    store.invalidate(["a"])
    store.invalidate(["b"])

    assert store.get(OTHER) is None
    assert store.bytes == 0


@pytest.mark.parametrize(("invalidated", "is_kept"), [("a", False), (EVERYTHING, False), ("other", True)])
def test_an_answer_that_was_being_made_during_a_change_is_not_kept(
    store: ResponseStore, invalidated: str, is_kept: bool
) -> None:
    mark = store.version()
    store.invalidate([invalidated])
    store.invalidate(["another"])

    store.put(ONE, a_response("a"), mark)

    assert (store.get(ONE) is not None) is is_kept


def test_what_took_longer_than_changes_are_remembered_is_not_kept(
    store: ResponseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_store, "_REMEMBERED_INVALIDATIONS", 3)
    store = ResponseStore(ROOM)
    mark = store.version()
    for _ in range(4):
        store.invalidate(["other"])

    store.put(ONE, a_response("a"), mark)

    assert store.get(ONE) is None


def test_the_one_not_asked_for_longest_makes_room(store: ResponseStore) -> None:
    size = a_response("a", body=b"x" * 1000).size
    store = ResponseStore(10 * size)
    requests = [(f"/{number}", b"") for number in range(11)]
    for request in requests[:10]:
        store.put(request, a_response("a", body=b"x" * 1000), store.version())
    assert store.get(requests[0]) is not None

    store.put(requests[10], a_response("a", body=b"x" * 1000), store.version())

    assert store.bytes <= 10 * size
    assert store.get(requests[1]) is None
    assert store.get(requests[0]) is not None


def test_one_answer_does_not_take_all_the_room(store: ResponseStore) -> None:
    store.put(ONE, a_response("a", body=b"x" * (ROOM // 10)), store.version())

    assert len(store) == 0


def test_an_answer_that_is_made_again_takes_the_place_of_the_old_one(store: ResponseStore) -> None:
    store.put(ONE, a_response("a"), store.version())
    store.put(ONE, a_response("b", body=b"[]"), store.version())

    store.invalidate(["a"])

    response = store.get(ONE)
    assert response is not None
    assert response.body == b"[]"
    assert store.bytes == response.size


def test_nothing_is_kept_for_ever(store: ResponseStore) -> None:
    store.put(ONE, a_response("a", made_at=0.0), store.version())

    assert store.get(ONE) is None
    assert store.bytes == 0


def test_without_room_nothing_is_kept() -> None:
    store = ResponseStore(0)
    store.put(ONE, a_response("a"), store.version())

    assert store.get(ONE) is None


def test_each_encoding_has_its_own_bytes_and_tag() -> None:
    response = a_response("a", body=b"many words " * 500)

    assert gzip.decompress(response.gzip.body) == zstandard.decompress(response.zstd.body) == response.identity.body
    assert len({response.gzip.etag, response.zstd.etag, response.identity.etag}) == 3
    for variant in (response.gzip, response.zstd, response.identity):
        assert dict(variant.headers)[b"content-length"] == str(len(variant.body)).encode()
        assert dict(variant.not_modified)[b"etag"] == variant.etag
    assert dict(response.gzip.headers)[b"content-encoding"] == b"gzip"
    assert b"content-encoding" not in dict(response.identity.headers)


def test_the_same_answer_has_the_same_tag_and_another_another() -> None:
    assert a_response("a").identity.etag == a_response("b").identity.etag
    assert a_response("a").identity.etag != a_response("a", body=b"[]").identity.etag
    assert a_response(body=b"x" * 5000).gzip.body == a_response(body=b"x" * 5000).gzip.body


@pytest.mark.parametrize("size", [100, 300_000])
def test_what_is_small_or_takes_long_is_not_compressed(size: int) -> None:
    response = a_response("a", body=b"x" * size)

    assert response.gzip is response.zstd is response.identity


def test_keys_take_room_too() -> None:
    assert a_response(*(f"{number}" for number in range(100))).size > a_response("a").size + 10_000
