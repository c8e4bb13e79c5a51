"""What has become of each file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.transfer.importing.authors import Byline
from app.transfer.importing.catalogue import Action


@dataclass(frozen=True)
class Outcome:
    """One file's part of the report: `detail` is the reason why it was skipped, or what else there is to know."""

    action: Action
    file: str
    slug: str = ""
    detail: str = ""
    is_error: bool = False

    def __str__(self) -> str:
        arrow = f" → {self.slug}" if self.slug else ""
        return f"{self.action:9}  {self.file}{arrow}{f': {self.detail}' if self.detail else ''}"


@dataclass
class Report:
    """Everything that an import has done so far."""

    outcomes: list[Outcome] = field(default_factory=list)
    new_authors: list[str] = field(default_factory=list)
    # How many posts are by each account that belongs to somebody already.
    claimed: Counter[str] = field(default_factory=Counter)
    # How many frames, scripts and the like were in the bodies of the posts that were written.
    lost: Counter[str] = field(default_factory=Counter)

    def skip(self, file: str, reason: str, *, is_error: bool = False) -> None:
        self.outcomes.append(Outcome(Action.SKIPPED, file, detail=reason, is_error=is_error))

    def note_lost(self, elements: Mapping[str, int]) -> tuple[str, ...]:
        """Note what is not in an article's HTML, although it was in the post; returns that as a note, if anything."""
        self.lost.update(elements)
        return (f"dropped {_counted(elements)}",) if elements else ()

    def attribute(self, byline: Byline) -> None:
        """Note whom a post is by."""
        if byline.id is None:
            self.new_authors.append(byline.username)
        elif byline.is_claimed:
            self.claimed[byline.username] += 1

    @property
    def has_errors(self) -> bool:
        """Whether there is a post that should have arrived and has not."""
        return any(outcome.is_error for outcome in self.outcomes)

    def lines(self) -> Iterator[str]:
        """What was written, then what was skipped, then how much there was of each; what is unchanged is counted."""
        for action in (Action.CREATED, Action.UPDATED, Action.SKIPPED):
            yield from (str(outcome) for outcome in self.outcomes if outcome.action is action)
        if self.new_authors:
            yield f"New accounts to be claimed ({len(self.new_authors)}): {', '.join(self.new_authors)}."
        if self.claimed:
            by = ", ".join(f"{name} ({n} post{'s' if n > 1 else ''})" for name, n in sorted(self.claimed.items()))
            yield f"Assigned to existing accounts: {by}."
        if self.lost:
            yield f"Dropped from the bodies: {_counted(self.lost)}."
        counts = Counter(outcome.action for outcome in self.outcomes)
        yield f"{', '.join(f'{counts[action]} {action}' for action in Action)}."


def _counted(elements: Mapping[str, int]) -> str:
    return ", ".join(f"{number} <{name}>" for name, number in sorted(elements.items()))
