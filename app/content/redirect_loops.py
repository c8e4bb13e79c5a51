"""Whether redirects lead in a circle. Nothing here touches the database."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.core.site_paths import below

# Browsers follow no more. A chain that is longer either never ends or might as well.
MAX_HOPS = 20
_PATH_LENGTH = 60
_CHAIN_LENGTH = 220


class Rule(NamedTuple):
    """A redirect. `leads_to` is a path of the site; None for what leads elsewhere, or is gone."""

    source: str
    is_prefix: bool
    leads_to: str | None


class Place(NamedTuple):
    """A path; or if it is `open`, all paths below it, whatever they are."""

    path: str
    is_open: bool

    def __str__(self) -> str:
        return below(self.path, "/*") if self.is_open else self.path


class Rules:
    """All redirects of the blog."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {(rule.source, rule.is_prefix): rule for rule in rules}
        self._sources = sorted(self._rules)

    def loop_through(self, changed: Iterable[tuple[str, bool]]) -> Sequence[Place] | None:
        """A chain of places that returns to one of them, or is too long, behind a rule that was changed or removed.

        `changed` has the source of each, and whether it is a prefix.
        """
        reached = {
            Place(source, is_open) for source, is_prefix in changed for is_open in (False, True)[: 1 + is_prefix]
        }
        newest: Iterable[Place] = sorted(reached)
        for _ in range(MAX_HOPS):
            for place in newest:
                if chain := self._endless_from(place):
                    return chain
            newest = sorted({following for place in newest for following in self._after(place)} - reached)
            reached.update(newest)
        return None

    def _endless_from(self, place: Place) -> Sequence[Place] | None:
        """Where everybody is led who comes to this place, if that does not end."""
        trail = {place: None}
        following = self._next(place)
        while following is not None:
            if following in trail:
                steps = list(trail)
                return [*steps[steps.index(following) :], following]
            trail[following] = None
            if len(trail) > MAX_HOPS + 1:
                return list(trail)
            following = self._next(following)
        return None

    def _after(self, place: Place) -> Iterator[Place]:
        """Where one may be led to from this place: of what is below an open one, some may be led elsewhere.

        That makes no circle by itself: who comes back to the place by such a detour has less of a path before them.
        """
        within = [place, *(self._places_below(place.path) if place.is_open else ())]
        yield from filter(None, map(self._next, within))

    def _places_below(self, path: str) -> Iterator[Place]:
        for source, is_prefix in self._below(path):
            yield Place(source, is_open=False)
            if is_prefix:
                yield Place(source, is_open=True)

    def _next(self, place: Place) -> Place | None:
        rule = self._rule_for(place)
        if rule is None or rule.leads_to is None:
            return None
        return Place(below(rule.leads_to, rest_of(place.path, rule.source)), place.is_open)

    def _rule_for(self, place: Place) -> Rule | None:
        if not place.is_open and (exact := self._rules.get((place.path, False))):
            return exact
        prefixes = (self._rules.get((path, True)) for path in with_ancestors(place.path))
        return next(filter(None, prefixes), None)

    def _below(self, path: str) -> Iterator[tuple[str, bool]]:
        start = below(path, "/")
        for key in self._sources[bisect_left(self._sources, (start, False)) :]:
            if not key[0].startswith(start):
                return
            if key[0] != path:
                yield key


def with_ancestors(path: str) -> Iterator[str]:
    """The path and those above it, the longest first."""
    while path != "/":
        yield path
        path = path.rpartition("/")[0] or "/"
    yield path


def rest_of(path: str, source: str) -> str:
    """What a path has beyond the prefix that it begins with: nothing, or something that begins with a slash."""
    return path[len(source.rstrip("/")) :] if path != source else ""


def shown(chain: Sequence[Place]) -> str:
    """The chain for a person; of a long one, the first steps and the last."""
    steps = [_cut(str(place)) for place in chain]
    whole = " → ".join(steps)
    return whole if len(whole) <= _CHAIN_LENGTH else " → ".join([*steps[:2], "…", steps[-1]])


def _cut(path: str) -> str:
    return path if len(path) <= _PATH_LENGTH else f"{path[: _PATH_LENGTH - 1]}…"
