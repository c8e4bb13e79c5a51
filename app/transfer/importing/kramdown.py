"""What Markdown processors of other blogs add to Markdown: attributes in braces, and places for a table of contents.

Ids of headings are kept, because links lead to them. Classes and other attributes belong to a design that is
gone; they are removed instead of being shown.
"""

import re
from collections.abc import Callable

from app.transfer.importing.code_regions import outside_of_code
from app.transfer.importing.edits import Edit, applied

_ATTRIBUTE = r"""(?:[#.][\w:-]+|[\w-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}]+))"""
_ATTRIBUTES = rf"\{{:?[ \t]*{_ATTRIBUTE}(?:[ \t]+{_ATTRIBUTE})*[ \t]*\}}"
# A colon is kramdown's own; behind it, a name refers to attributes that are defined elsewhere.
_KRAMDOWN = rf"\{{:[ \t]*(?:{_ATTRIBUTE}|[A-Za-z][\w-]*)(?:[ \t]+(?:{_ATTRIBUTE}|[\w-]+))*[ \t]*\}}"
_MARGIN = r"[ \t>]{0,100}"

_ITEM = r"(?:[*+-]|\d{1,9}\.)[ \t]+[^\n]*"
_TOC = r"\{:(?:[^{}\n]*[ \t])?toc(?:[ \t][^{}\n]*)?\}"
_CONTENTS = re.compile(
    rf"^{_MARGIN}(?:{_ITEM}\n{_MARGIN}{_TOC}|{_TOC}[ \t]*\n{_MARGIN}{_ITEM}|\[\[?toc\]\]?)[ \t]*(?:\n|\Z)",
    re.MULTILINE | re.IGNORECASE,
)
_HEADING = re.compile(
    rf"^(?P<marks>{_MARGIN}\#{{1,6}}[ \t]+)(?P<title>[^\n]*?)[ \t]*(?P<attributes>{_ATTRIBUTES})[ \t]*\#*[ \t]*$",
    re.MULTILINE,
)
_UNDERLINED = re.compile(
    rf"^(?P<marks>{_MARGIN})(?P<title>[^\n]*?)[ \t]*(?P<attributes>{_ATTRIBUTES})[ \t]*(?=\n{_MARGIN}(?:=+|-+)[ \t]*$)",
    re.MULTILINE,
)
_LINE = re.compile(
    rf"^{_MARGIN}(?:{_KRAMDOWN}|\{{:[\w-]+:[^\n{{}}]*\}}|\{{::(?:nomarkdown|options)[^\n{{}}]*\}}|\{{:/\w*\}})"
    r"[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)
_SPAN = re.compile(rf"(?<=[)\]*_`>]){_KRAMDOWN}")
_COMMENT = re.compile(r"^[ \t]*\{::comment\}(?:(?!\{:).)*+\{:/(?:comment)?\}[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_ID = re.compile(r"""(?:\#|\bid=["']?)([\w:-]{1,100})""")


def without_attributes(markdown: str) -> tuple[str, int]:
    """The text without attributes, comments and marks for a table of contents, and how many there were."""
    if "{" not in markdown and "[toc]" not in markdown.lower():
        return markdown, 0
    found = 0
    for pattern, replacement in _STEPS:
        markdown, number = _replaced(markdown, pattern, replacement)
        found += number
    return markdown, found


def _replaced(markdown: str, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]) -> tuple[str, int]:
    """The text with what matches outside of code replaced, and how often."""
    matches = outside_of_code(markdown, pattern)
    return applied(markdown, [Edit(*match.span(), replacement(match)) for match in matches]), len(matches)


def _with_id(heading: re.Match[str]) -> str:
    """As the blog's own Markdown writes it."""
    found = _ID.search(heading["attributes"])
    return heading["marks"] + heading["title"] + (f" {{#{found[1]}}}" if found else "")


def _removed(_match: re.Match[str]) -> str:
    return ""


_STEPS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_COMMENT, _removed),
    (_CONTENTS, _removed),
    (_HEADING, _with_id),
    (_UNDERLINED, _with_id),
    (_LINE, _removed),
    (_SPAN, _removed),
)
