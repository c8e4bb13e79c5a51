"""The template code that an imported post still has once it is rendered."""

import re
from collections import Counter
from html import unescape
from urllib.parse import unquote

# As text, and as a part of an address; with enough of what follows for a name.
_LEFT = re.compile(r"(?:\{[{%]|%7B%(?:7B|25))(?=(?P<rest>.{0,120}))", re.DOTALL)
_NAME = re.compile(r"[<%]?[-~]?\s*(?:/|end(?=[a-z]))?\s*(?P<name>[\w.][\w./-]*)?")


def left_in(html: str) -> Counter[str]:
    """The names of what template code there is outside of code elements, and how often each occurs."""
    found: Counter[str] = Counter()
    for match in _LEFT.finditer(_outside_of_code(html)):
        name = _NAME.match(unescape(unquote(match["rest"])))
        found[(name["name"] if name else None) or "an expression"] += 1
    return found


def _outside_of_code(html: str) -> str:
    return _without(_without(html, "code"), "pre")


def _without(html: str, element: str) -> str:
    first, *others = html.split(f"<{element}")
    return first + "".join(other.partition(f"</{element}>")[2] for other in others)
