"""Template code in the bodies of posts: code blocks become Markdown, comments are left out, and the rest stays.

Generators run their template language before Markdown, some of them in code too. Here code stays as it is: who shows a
tag there means to show it. Only Liquid's `raw` is dropped everywhere, which is what it is for.
"""

from collections.abc import Iterator, Sequence

from app.transfer.importing import code_blocks
from app.transfer.importing.code_regions import CodeRegions
from app.transfer.importing.edits import Edit, applied
from app.transfer.importing.template_tags import Blocks, Tag, tags_in

_HIDING = "comment"


def without_template_code(markdown: str, *, liquid: bool = True) -> tuple[str, int]:
    """The text with code between tags in fences, and without comments, and how many of these there were.

    It never gets longer by code. Tags that are not closed, or not opened, stay as they are. Without `liquid`, as for
    posts with TOML, which Jekyll does not know, only Hugo's tags count.
    """
    tags = tags_in(markdown, liquid=liquid)
    if not tags:
        return markdown, 0
    raws, tags = _without_raw(tags)
    raw_edits = [Edit(tag.start, tag.end) for tag in raws]
    edits, hidden = [], 0
    regions = CodeRegions(markdown)
    for opening, closing in _blocks(regions, tags):
        replacement = ""
        if opening.name == _HIDING:
            hidden += 1
        else:
            content = applied(markdown, raw_edits, opening.end, closing.start)
            fenced = code_blocks.fenced(opening.name, opening.rest, regions.line_before(opening.start), content)
            is_short_enough = len(fenced) <= closing.end - opening.start
            replacement = fenced if is_short_enough else applied(markdown, raw_edits, opening.start, closing.end)
        edits.append(Edit(opening.start, closing.end, replacement))
    return applied(markdown, sorted([*edits, *_outside(raw_edits, edits)])), hidden


def _without_raw(tags: Sequence[Tag]) -> tuple[list[Tag], list[Tag]]:
    """The pairs of `raw` tags, and the tags that are not between such; after one that is not closed, none is."""
    raws: list[Tag] = []
    others: list[Tag] = []
    between: list[Tag] = []
    opening = None
    for tag in tags:
        is_raw = tag.is_liquid and tag.name == "raw"
        if opening is not None and is_raw and tag.is_closing:
            raws += [opening, tag]
            opening, between = None, []
        elif opening is not None:
            between.append(tag)
        elif is_raw and not tag.is_closing:
            opening = tag
        else:
            others.append(tag)
    # What is not Liquid's does not care.
    return raws, [*others, *(tag for tag in between if not tag.is_liquid)]


def _blocks(regions: CodeRegions, tags: Sequence[Tag]) -> Iterator[tuple[Tag, Tag]]:
    """The opening and closing tags of what is code or a comment, outside of Markdown's own code, in order."""
    blocks = Blocks(tags)
    place = 0
    starts: list[Tag] = [tag for tag in tags if _opens_block(tag)]
    runs = iter(regions.runs)
    run = next(runs, None)
    for tag in starts:
        while run is not None and run.start() < tag.start:
            if run.start() >= place:
                place = max(place, regions.end_of(run) or 0)
            run = next(runs, None)
        closing = blocks.closing(tag) if tag.start >= place else None
        if closing is not None:
            yield tag, closing
            place = closing.end


def _opens_block(tag: Tag) -> bool:
    return not tag.is_closing and (tag.name in code_blocks.NAMES or tag.name == _HIDING) and not tag.rest.endswith("/")


def _outside(inner: Sequence[Edit], outer: Sequence[Edit]) -> Iterator[Edit]:
    """Those that lie in none of the others; both are in order."""
    bounds = iter(outer)
    bound = next(bounds, None)
    for edit in inner:
        while bound is not None and bound.end <= edit.start:
            bound = next(bounds, None)
        if bound is None or edit.end <= bound.start:
            yield edit
