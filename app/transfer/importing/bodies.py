"""A post's body as an article's: without what only its generator understands."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from app.content.schemas.articles import BODY_MAX_LENGTH
from app.transfer.importing.code_regions import outside_of_code
from app.transfer.importing.edits import Edit, applied
from app.transfer.importing.kramdown import without_attributes
from app.transfer.importing.template_code import without_template_code

# How Hugo's users show a shortcode, in code as well: to Hugo, code is no exception.
_SHOWN = re.compile(r"\{\{(?P<open>[<%])/\*(?P<inside>[^\n*]*)\*/(?P<close>[>%])\}\}")
# `{{<figure` would be taken for an element of HTML, and vanish.
_LIKE_HTML = re.compile(r"(?<=\{\{)<(?=[A-Za-z/!?])")


class Templates(Enum):
    """Whose template code a body may contain."""

    NONE = auto()
    HUGO = auto()
    # And its like, and Hugo's: posts with YAML may be anybody's.
    LIQUID = auto()


@dataclass(frozen=True)
class Body:
    """A body, and what there is to know about how it came to be."""

    markdown: str
    notes: tuple[str, ...] = ()


def converted(markdown: str, templates: Templates) -> Body:
    """The body with code in fences, and without comments and attributes."""
    if templates is Templates.NONE:
        return Body(markdown)
    text, comments = without_template_code(markdown, liquid=templates is Templates.LIQUID)
    text, attributes = without_attributes(text)
    text = _SHOWN.sub(r"{{\g<open>\g<inside>\g<close>}}", text)
    text = applied(text, [Edit(*match.span(), "\\<") for match in outside_of_code(text, _LIKE_HTML)])
    if len(text) > BODY_MAX_LENGTH:
        # What is escaped is longer.
        return Body(markdown)
    notes = {"template comments left out": comments, "attributes applied or removed": attributes}
    return Body(text, tuple(f"{what} ({number})" for what, number in notes.items() if number))
