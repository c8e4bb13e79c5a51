"""What a list of posts shows of a post, by the fields and marks of the generators."""

import re

from app.content.markup import plain_text
from app.transfer.importing.bodies import Templates, converted
from app.transfer.importing.code_regions import outside_of_code
from app.transfer.importing.fields import Fields, everywhere
from app.transfer.importing.shapes import first_line

_MARK = re.compile(
    r"<!--+\s{0,20}(?:more\b[^>]{0,100}?|truncate|readmore|excerpt|pelican_end_summary)\s{0,20}--+>"
    r"|\{/\*\s{0,20}truncate\s{0,20}\*/\}",
    re.IGNORECASE,
)
# WordPress has paragraphs in them.
_HTML = re.compile(r"</?[a-z][^<>]*>|&#?\w+;", re.IGNORECASE)


def excerpt(found: Fields, body: str, templates: Templates) -> str:
    """The post's excerpt; empty if nobody has written one.

    In Hugo, the part above the mark goes before `summary`; everywhere else, what is written for the purpose goes
    before the mark.
    """
    given = {name: _field(found, name) for name in ("excerpt", "customexcerpt", "summary", "description")}
    above = part_above_mark(body, templates) if not given["excerpt"] else ""
    chosen = [given["excerpt"], given["customexcerpt"], above if given["summary"] else "", given["summary"]]
    return next((text for text in (*chosen, given["description"], above) if text), "")


def _field(found: Fields, name: str) -> str:
    given = next((text for value in everywhere(found, name) if (text := first_line(value))), "")
    return _shown(given) if _HTML.search(given) else given


def _shown(markdown: str) -> str:
    try:
        return plain_text(markdown)
    except Exception:  # noqa: BLE001 - whatever a text may do to the renderer, the post does without an excerpt then
        return ""


def part_above_mark(body: str, templates: Templates) -> str:
    """The text above `<!--more-->` and its like, unless these are within code."""
    mark = next(iter(outside_of_code(body, _MARK)), None)
    return _shown(converted(body[: mark.start()], templates).markdown) if mark else ""
