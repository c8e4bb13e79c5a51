"""What becomes of a post besides an article that everybody finds: a page, or something for some.

Only what cannot mean anything else is taken for it: what is merely hidden becomes a draft (`withheld.py`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.content.models import ArticleKind, Visibility
from app.transfer.importing.fields import Fields, everywhere, is_no, is_yes
from app.transfer.importing.places import Place
from app.transfer.importing.shapes import first_line, line, squeezed

# What a file says by one of these names decides, and the first name goes first.
_KINDS = ("kind", "type", "posttype")
_LIMITED = {each.value: each for each in (Visibility.UNLISTED, Visibility.MEMBERS)}


def kind_of(found: Fields, place: Place) -> ArticleKind:
    """Posts of Jekyll are listed whatever their layout is."""
    said = [first_line(value).lower() for name in _KINDS for value in everywhere(found, name)]
    if not any(said) and place.date is None:
        said = [first_line(value).lower() for value in everywhere(found, "layout")]
    return ArticleKind.PAGE if next(filter(None, said), None) == "page" else ArticleKind.ARTICLE


def visibility_of(found: Fields) -> Visibility:
    """Who is to find it: of two at once (`is_contradictory`) those who are logged in."""
    return max(_wanted(found), key=list(Visibility).index, default=Visibility.PUBLIC)


def is_contradictory(found: Fields) -> bool:
    return len(set(_wanted(found))) > 1


def is_limited(visibility: str) -> bool:
    """Whether this is a visibility that articles can have, other than for everybody."""
    return visibility in _LIMITED


def _wanted(found: Fields) -> Iterator[Visibility]:
    for value in everywhere(found, "visibility"):
        if visibility := _LIMITED.get(first_line(value).lower()):
            yield visibility
    if any(map(is_yes, everywhere(found, "unlisted"))) or any(map(_is_listed_nowhere, everywhere(found, "build"))):
        yield Visibility.UNLISTED


def notes_of(kind: ArticleKind, visibility: Visibility) -> Iterator[str]:
    """What the report says of it."""
    if kind is ArticleKind.PAGE:
        yield "a page"
    if visibility is not Visibility.PUBLIC:
        yield {Visibility.UNLISTED: "unlisted", Visibility.MEMBERS: "for members"}[visibility]


def _is_listed_nowhere(options: Any) -> bool:
    """What Hugo leaves out of all lists, but renders."""
    given = squeezed(options).get("list") if isinstance(options, Mapping) else None
    return is_no(given) or line(given).lower() == "never"
