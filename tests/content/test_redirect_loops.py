"""Whether redirects lead in a circle."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.redirect_loops import MAX_HOPS, Rule, Rules, rest_of, shown, with_ancestors
from app.core.site_paths import below
from tests.support.examples import examples

pytestmark = pytest.mark.one_database


def rules(*written: str) -> list[Rule]:
    """Written as `/a > /b`, or `/a/* > /b` for a prefix; `/a >` leads elsewhere."""
    found = []
    for line in written:
        source, _, target = (part.strip() for part in line.partition(">"))
        path = source.removesuffix("/*")
        found.append(Rule(path or "/", source != path, target or None))
    return found


def chain(*written: str) -> str | None:
    """The chain that is refused if the last rule is added to the others."""
    found = rules(*written)
    loop = Rules(found).loop_through([(found[-1].source, found[-1].is_prefix)])
    return shown(loop) if loop is not None else None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["/a > /a"], "/a → /a"),
        (["/b > /a", "/a > /b"], "/a → /b → /a"),
        (["/b > /c", "/c > /d", "/d > /a", "/a > /b"], "/a → /b → /c → /d → /a"),
        (["/a/* > /a"], "/a → /a"),
        (["/a/* > /b", "/b/* > /a"], "/b → /a → /b"),
        (["/b/c > /a/c", "/a/* > /b"], "/a/c → /b/c → /a/c"),
        (["/b/c/* > /a/c", "/a/* > /b"], "/a/c → /b/c → /a/c"),
        (["/a/* > /b/x", "/b/* > /a"], None),
    ],
)
def test_a_circle_is_found_and_shown(written: list[str], expected: str | None) -> None:
    if expected is None:
        # It grows with every round.
        assert "…" in (chain(*written) or "")
    else:
        assert chain(*written) == expected


@pytest.mark.parametrize(
    "written", [["/a/* > /a/b"], ["/* > /new"], ["/b/* > /a/x", "/a/* > /b"], ["/b/c/* > /a/c/c", "/a/* > /b"]]
)
def test_what_goes_on_and_on_is_refused(written: list[str]) -> None:
    assert chain(*written) is not None


@pytest.mark.parametrize(
    "written",
    [
        ["/b > /c", "/a > /b"],
        ["/b >", "/a > /b"],
        ["/a/* >"],
        ["/a/b > /a", "/c > /a/b"],
        # The exact one is taken first.
        ["/a > /c", "/a/* > /b", "/b > /a"],
        ["/b/c > /a/d", "/a/* > /b"],
        ["/ab/* > /a", "/a/* > /x"],
        # Who comes back has less of a path before them.
        ["/blog/* > /"],
        ["/a/b/* > /a"],
        ["/a/b/* > /b", "/b/c/* > /a"],
    ],
)
def test_what_ends_is_allowed(written: list[str]) -> None:
    assert chain(*written) is None


def test_a_longer_prefix_may_end_what_a_shorter_one_begins() -> None:
    assert chain("/a/b/* >", "/a/* > /a/b") is None


def test_a_long_chain_is_allowed_and_one_that_browsers_give_up_is_not() -> None:
    steps = [f"/{number} > /{number + 1}" for number in range(1, MAX_HOPS)]

    assert chain(*steps, "/0 > /1") is None
    assert chain(*steps, f"/{MAX_HOPS} > /x", "/0 > /1") is not None


def test_what_a_rule_has_hidden_counts_when_it_is_removed() -> None:
    left = rules("/a/* > /b", "/b/c > /a/c")

    assert Rules(left).loop_through([("/a/c", False)]) is not None


def test_many_rules_below_one_are_looked_at_once() -> None:
    many = [f"/b/{number} > /c/{number}" for number in range(3000)]

    assert chain(*many, "/a/* > /b") is None
    assert chain(*many, "/c/2999 > /a/2999", "/a/* > /b") == "/c/2999 → /a/2999 → /b/2999 → /c/2999"


def test_long_chains_are_cut() -> None:
    long = ["/" + char * 200 for char in "abcdefgh"]
    written = [f"{source} > {target}" for source, target in zip(long, [*long[1:], long[0]], strict=True)]

    assert len(chain(*written) or "") < 260


SHORT = ["/", *("/" + "/".join(parts) for length in (1, 2) for parts in product("ab", repeat=length))]
PATHS = ["/", *("/" + "/".join(parts) for length in range(1, 5) for parts in product("abx", repeat=length))]


def ends(found: list[Rule], path: str) -> bool:
    """Whether who comes to this path is led on only so often, found out by going there."""
    by_source = {(rule.source, rule.is_prefix): rule for rule in found}
    for _ in range(60):
        prefixes = (by_source.get((above, True)) for above in with_ancestors(path))
        rule = by_source.get((path, False)) or next(filter(None, prefixes), None)
        if rule is None or rule.leads_to is None:
            return True
        path = below(rule.leads_to, rest_of(path, rule.source))
    return False


@examples(300)
@given(st.dictionaries(st.tuples(st.sampled_from(SHORT), st.booleans()), st.sampled_from([*SHORT, None]), max_size=5))
def test_a_circle_is_found_where_there_is_one_and_nowhere_else(targets: dict[tuple[str, bool], str | None]) -> None:
    found = [Rule(source, is_prefix, target) for (source, is_prefix), target in targets.items()]

    assert (Rules(found).loop_through(targets) is None) is all(ends(found, path) for path in PATHS)
