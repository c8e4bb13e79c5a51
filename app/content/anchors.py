"""Ids in articles, and the links to them.

Every id begins with `PREFIX`, lest it be taken for one of the page around the article, or for a name in its scripts.
Headings that have none get one, as on GitHub. Links within the article are led to what they mean: the generators from
which articles come have made ids in other ways.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from html import escape, unescape
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from slugify import slugify

PREFIX = "user-content-"

# Headings, and elements that have attributes. In sanitised HTML no attribute has `<` or `>` in its value.
_OPENING = re.compile(r"<(h[1-6](?=[ >])|[a-z][a-z0-9]*(?= ))([^>]*)>")
_TAGS = re.compile(r"<[^>]*>")
_FOOTNOTE_REFERENCE = re.compile(r'<sup class="footnote-ref">.*?</sup>', re.DOTALL)
_HEADING = re.compile(r"h[1-6]")
_ID = re.compile(r' id="([^"]*)"')
_NAME = re.compile(r' name="([^"]*)"')
_FRAGMENT = re.compile(r' href="#([^"]+)"')
# Longer than any heading.
_MAX_HEADING_LENGTH = 2000
_MAX_ID_LENGTH = 500
# Ids as they are given in Markdown: `{#id}`, `{#id .class}`, `{: #id}`.
_GIVEN = re.compile(r"\{:?[ \t]*#([^\s{}]{1,100})(?:[ \t][^{}]*)?\}")
_UNNAMED = "section"
_PLAIN_IN_FRAGMENTS = "/:?@!$()*+,;=~"
_VARIATION_SELECTORS = frozenset("\ufe0e\ufe0f")


def heading_ids(md: MarkdownIt) -> None:
    """A plugin: a heading that ends in `{#id}` gets that id."""
    md.core.ruler.after("block", "heading_ids", _take_given_ids)


def _take_given_ids(state: StateCore) -> None:
    for opening, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type != "heading_open" or not inline.content.endswith("}"):
            continue
        text, brace, _ = inline.content.rpartition("{")
        given = _GIVEN.fullmatch(inline.content, len(text))
        if brace and given and not text.endswith("\\"):
            opening.attrSet("id", given[1])
            inline.content = _without_closing_marks(text.rstrip())


def _without_closing_marks(text: str) -> str:
    """A heading's text without the number signs that may close it, which are no longer at the end of its line."""
    unmarked = text.rstrip("#")
    return unmarked.rstrip() if unmarked.endswith((" ", "\t")) else text


def anchored(html: str) -> str:
    """Sanitised HTML with ids that are unique and begin with the prefix, and links to them."""
    ids = _ids_in(html)
    targets = _Targets(identifier for _, identifier in sorted(ids.items()))
    return _OPENING.sub(lambda tag: _rewritten(tag, ids.get(tag.start()), targets), html)


def _ids_in(html: str) -> dict[int, str]:
    """The ids of the elements that have one or get one, by where their tags begin."""
    tags = list(_OPENING.finditer(html))
    ids: dict[int, str] = {}
    taken: set[str] = set()
    for tag in tags:
        given = _given_id(tag)
        if given and given not in taken:
            ids[tag.start()] = given
            taken.add(given)
    counts: dict[str, int] = {}
    for tag in tags:
        if tag.start() not in ids and _HEADING.fullmatch(tag[1]):
            identifier = _unique(_given_id(tag) or slug_of_heading(_text_in(html, tag)), taken, counts)
            ids[tag.start()] = identifier
            taken.add(identifier)
    return ids


def _given_id(tag: "re.Match[str]") -> str:
    given = _ID.search(tag[2]) or (_NAME.search(tag[2]) if tag[1] == "a" else None)
    return unescape(given[1]).removeprefix(PREFIX) if given else ""


def _text_in(html: str, heading: "re.Match[str]") -> str:
    start = heading.end()
    end = html.find(f"</{heading[1]}>", start, start + _MAX_HEADING_LENGTH)
    inner = html[start : end if end >= 0 else start + _MAX_HEADING_LENGTH]
    return unescape(_TAGS.sub("", _FOOTNOTE_REFERENCE.sub("", inner)))


def slug_of_heading(text: str) -> str:
    """The id that GitHub gives to a heading: letters, digits and hyphens of every script, in lower case."""
    kept = "".join(char for char in text.strip().lower() if char in " -_" or _is_of_a_word(char))
    return kept.replace(" ", "-")[:_MAX_ID_LENGTH] or _UNNAMED


def _is_of_a_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN" and char not in _VARIATION_SELECTORS


def _unique(base: str, taken: set[str], counts: dict[str, int]) -> str:
    identifier = base
    while identifier in taken:
        counts[base] = counts.get(base, 0) + 1
        identifier = f"{base}-{counts[base]}"
    return identifier


def _rewritten(tag: "re.Match[str]", identifier: str | None, targets: "_Targets") -> str:
    name, attributes = tag[1], tag[2]
    if attributes:
        attributes = _ID.sub("", attributes)
        if name == "a":
            attributes = _FRAGMENT.sub(targets.link, _NAME.sub("", attributes))
    own = f' id="{PREFIX}{escape(identifier)}"' if identifier else ""
    return f"<{name}{own}{attributes}>"


class _Targets:
    """The ids of an article, found by what links call them."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = dict.fromkeys(ids)
        self._loose: dict[str, str] | None = None

    def link(self, fragment: "re.Match[str]") -> str:
        """The `href` of a link within the article; unchanged if the article has no such place."""
        identifier = self._find(unescape(fragment[1]).removeprefix(PREFIX))
        return fragment[0] if identifier is None else f' href="#{PREFIX}{quote(identifier, _PLAIN_IN_FRAGMENTS)}"'

    def _find(self, fragment: str) -> str | None:
        decoded = unquote(fragment)
        for exact in (fragment, decoded):
            if exact in self._ids:
                return exact
        if self._loose is None:
            self._loose = {}
            for identifier in self._ids:
                for key in _loose_keys(identifier):
                    self._loose.setdefault(key, identifier)
        return next((self._loose[key] for key in _loose_keys(decoded) if key in self._loose), None)


def _loose_keys(identifier: str) -> Iterator[str]:
    """What the ids that different generators make of one heading have in common, from the most to the least alike."""
    yield f"folded {unicodedata.normalize('NFC', identifier).casefold()}"
    if letters := slugify(identifier, separator=""):
        yield f"letters {letters}"
        # Some leave out the number of a heading.
        if unnumbered := letters.lstrip("0123456789"):
            yield f"unnumbered {unnumbered}"
