"""Comparing texts of articles in threads, so that other requests are served meanwhile."""

from functools import cache

import anyio.to_thread
from anyio import CapacityLimiter

from app.content.comparing.diffs import operations
from app.content.comparing.merging import Conflict, TextMerge, merged_texts
from app.content.comparing.unified import unified
from app.content.errors import ComparisonUnavailable
from app.content.schemas.comparisons import BodyDiff, MergeHunk, TextOperation
from app.content.turns import Turns

# The longest texts take about a second, during which other threads wait for each other more often.
_MAX_CONCURRENT = 1


async def body_diff(old: str, new: str, names: tuple[str, str], account_id: int) -> BodyDiff:
    """The difference, when it is the account's turn. Raises `ComparisonUnavailable`."""
    async with _turns().turn(account_id):
        return await anyio.to_thread.run_sync(_body_diff, old, new, names, limiter=_threads())


def _body_diff(old: str, new: str, names: tuple[str, str]) -> BodyDiff:
    old_name, new_name = names
    return BodyDiff(
        unified=unified(old, new, old_name=old_name, new_name=new_name),
        operations=[TextOperation(op=each.kind, text=each.text) for each in operations(old, new)],
    )


async def body_merge(base: str | None, mine: str, theirs: str, account_id: int) -> TextMerge:
    """The merge, when it is the account's turn. Raises `ComparisonUnavailable`."""
    async with _turns().turn(account_id):
        return await anyio.to_thread.run_sync(merged_texts, base, mine, theirs, limiter=_threads())


def hunks_of(merge: TextMerge) -> list[MergeHunk]:
    """The pieces of a merge as clients see them."""
    return [
        MergeHunk(text=None, base=hunk.base, mine=hunk.mine, theirs=hunk.theirs)
        if isinstance(hunk, Conflict)
        else MergeHunk(text=hunk, base=None, mine=None, theirs=None)
        for hunk in merge.hunks
    ]


def with_both_sides(merge: TextMerge) -> str:
    """The merged text; in a conflict it has what both sides have, so that whoever saves it as it is loses nothing."""
    return "".join(hunk if isinstance(hunk, str) else _one_after_the_other(hunk) for hunk in merge.hunks)


def _one_after_the_other(conflict: Conflict) -> str:
    mine, theirs = conflict.mine, conflict.theirs
    if not mine or not theirs or mine[-1].isspace() or theirs[0].isspace():
        return mine + theirs
    return mine + ("\n" if "\n" in mine + theirs else " ") + theirs


@cache
def _turns() -> Turns:
    return Turns(_MAX_CONCURRENT, ComparisonUnavailable)


@cache
def _threads() -> CapacityLimiter:
    # Instead of the common one, which others may fill.
    return CapacityLimiter(_MAX_CONCURRENT)
