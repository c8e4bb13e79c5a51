"""Which of a list's filters leads: the articles of that one are walked through, and the others only looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.content.queries.article_rows import ArticleListSpec, Leading
from app.content.queries.filter_sizes import filter_sizes
from app.db.compiled_selects import Rows


async def narrowest_first(
    rows: Rows, spec: ArticleListSpec, values: Mapping[str, Any]
) -> tuple[ArticleListSpec, Mapping[str, Any]] | None:
    """Let the filter with the fewest public articles lead. Returns None if one of the filters lets none through.

    A common filter would be walked through for as long as the rare ones find nothing. What is only for members is not
    counted: to them a number says what is common, but not that there is nothing.
    """
    if spec.status != "published" or spec.reach == "all" or spec.tags + spec.author + bool(spec.categories) <= 1:
        return spec, values
    (sizes,) = await rows.fetch(filter_sizes(spec.tags, spec.author, spec.categories), values)
    # There is no size of what does not exist.
    if not all(size is not None if spec.reach == "members" else size for size in sizes):
        return None
    rarest_first = sorted(range(spec.tags), key=lambda number: sizes[number])
    tags = {f"tag_{place}": values[f"tag_{number}"] for place, number in enumerate(rarest_first)}
    return replace(spec, leading=_leading(spec, sizes)), {**values, **tags}


def _leading(spec: ArticleListSpec, sizes: Sequence[int]) -> Leading:
    kinds: list[Leading] = ["tag"] * spec.tags
    if spec.author:
        kinds.append("author")
    if spec.categories:
        kinds.append("category")
    return min(zip(sizes, kinds, strict=True))[1]
