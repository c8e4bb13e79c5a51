"""Links that are written as nothing but their address: a scheme or `www.` makes one, a dot alone does not.

`main.py` and `README.md` are names of files, although Paraguay and Moldova have domains; nor does an email address
become a link unless it begins with `mailto:`. Where an address ends is decided as in GitHub Flavored Markdown, and
besides for languages that are written without spaces.
"""

import re
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_inline import StateInline

_WWW = "www."
_MAILTO = "mailto:"
_SCHEME = re.compile(r"(?:^|[^a-z0-9+.-])(?:(https?|ftp)|(mailto))$", re.IGNORECASE)
_WITHIN_A_WORD = re.compile(r"[a-z0-9_./@-]$", re.IGNORECASE)
# Longer ones no browser opens; and however a text repeats what an address begins with, it is looked at in bounded time.
_MAX_LENGTH = 2000
# Characters that may stand in an address, as far as ASCII is concerned; a backslash hides its successor from Markdown.
_RUN = re.compile(r"(?:\\[!-/:-@\[-`{-~]|[^\s\x00-\x20\x7f<>\"`\\^{|}])+")
_USER = r"(?:[\w.~%-]{1,64}(?::[\w.~%!$-]{0,64})?@)?"
_LABEL_CHARACTER = r"[^\x00-,/:-@\[-^`{-\x7f]"
_AUTHORITY = re.compile(rf"[a-z]+://{_USER}(\[[0-9a-f:.]+\]|{_LABEL_CHARACTER}{{1,255}})", re.IGNORECASE)
_PORT = re.compile(r":\d+")
_MAILBOX = re.compile(r"mailto:[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.IGNORECASE)
# A top-level domain is of one script: what follows it without a space is the sentence.
_LATIN_THEN_OTHER = re.compile(r"\.([a-z]{2,})[^\x00-\x7f][^.]*$", re.IGNORECASE)
_ENTITY_THAT_ENDS = re.compile(r"&(?:lt|gt|quot|nbsp);")
# What ends the sentence rather than the address.
_TRAILING = "?!.,:;*_~'\\·\N{EN DASH}"
_TRAILING_ENTITY = re.compile(r"&[a-z0-9]{1,31};$", re.IGNORECASE)
_BRACKETS = {")": "(", "]": "["}
# Punctuation beyond ASCII that is in titles which encyclopedias make addresses of, and joiners within words.
_KEPT = frozenset("·\N{EN DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")


def bare_links(md: MarkdownIt) -> None:
    """A plugin: links are recognised in text, outside of other links."""
    md.inline.add_terminator_char("w")
    md.inline.ruler.push("bare_link", _bare_link)


def _bare_link(state: StateInline, silent: bool) -> bool:
    # In the text of a link there are none, and whoever asks silently is looking for the end of such a text.
    if silent or state.linkLevel > 0:
        return False
    begun = _begun_with(state)
    if begun is None:
        return False
    address = address_at(state.src[state.pos - begun : min(state.posMax, state.pos - begun + _MAX_LENGTH + 1)])
    if len(address) <= begun:
        return False
    text = unescapeAll(address)
    href = state.md.normalizeLink(text if begun else f"http://{text}")
    if not state.md.validateLink(href):
        return False
    state.pending = state.pending[: len(state.pending) - begun]
    _push(state, href, text)
    state.pos += len(address) - begun
    return True


def _begun_with(state: StateInline) -> int | None:
    """How many characters before this place belong to the address that may stand here."""
    if state.src[state.pos] == ":":
        scheme = _SCHEME.search(state.pending[-len(_MAILTO) :])
        if scheme is None or (scheme[1] and not state.src.startswith("://", state.pos)):
            return None
        return len(scheme[1] or scheme[2])
    if state.src.startswith(_WWW, state.pos) and not _WITHIN_A_WORD.search(state.pending[-1:]):
        return 0
    return None


def _push(state: StateInline, href: str, text: str) -> None:
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": href}
    opening.markup = "autolink"
    opening.info = "auto"
    state.push("text", "", 0).content = text
    closing = state.push("link_close", "a", -1)
    closing.markup = "autolink"
    closing.info = "auto"


def address_at(text: str) -> str:
    """The address with which `text` begins; empty if there is none, or if it is too long for one."""
    if text[: len(_MAILTO)].lower() == _MAILTO:
        mailbox = _MAILBOX.match(text)
        return _trimmed(mailbox[0]) if mailbox else ""
    prefix = "http://" if text.startswith(_WWW) else ""
    host_end = _host_end(prefix + text) - len(prefix)
    if host_end <= 0 or (prefix and "." not in text[len(_WWW) : host_end].strip(".")):
        return ""
    end = _path_end(text, host_end)
    return _trimmed(text[:end]) if end <= _MAX_LENGTH else ""


def _host_end(url: str) -> int:
    """Where the host of the URL ends; 0 if it has none."""
    authority = _AUTHORITY.match(url)
    if authority is None:
        return 0
    host = authority[1][: _end_beyond_ascii(authority[1])]
    if not host or not (host[0].isalnum() or host[0] == "["):
        return 0
    mixed = _LATIN_THEN_OTHER.search(host)
    return authority.start(1) + (mixed.end(1) if mixed else len(host))


def _path_end(text: str, host_end: int) -> int:
    """Where an address ends of which the host ends here: after its port, path, query and fragment, if it has any."""
    port = _PORT.match(text, host_end)
    start = port.end() if port else host_end
    if text[start : start + 1] not in {"/", "?", "#"}:
        return start
    run = _RUN.match(text, start)
    path = run[0] if run else ""
    path = _ENTITY_THAT_ENDS.split(path[: _end_beyond_ascii(path)], maxsplit=1)[0]
    return start + _end_of_balance(path)


def _end_of_balance(text: str) -> int:
    """Where the first bracket closes that has not been opened: it belongs to the sentence."""
    opened = {"(": 0, "[": 0}
    for position, char in enumerate(text):
        if char in opened:
            opened[char] += 1
        elif char in _BRACKETS:
            opened[_BRACKETS[char]] -= 1
            if opened[_BRACKETS[char]] < 0:
                return position
    return len(text)


def _trimmed(address: str) -> str:
    """The address without the punctuation at its end."""
    while address and address[-1] in _TRAILING:
        entity = _TRAILING_ENTITY.search(address[-33:])
        address = address[: -len(entity[0])] if entity else address[:-1]
    return address


def _end_beyond_ascii(text: str) -> int:
    """Where the first punctuation mark of another script stands, or a full-width one."""
    if text.isascii():
        return len(text)
    return next((position for position, char in enumerate(text) if char > "\x7f" and _ends(char)), len(text))


def _ends(char: str) -> bool:
    category = unicodedata.category(char)[0]
    if category == "S":
        return unicodedata.east_asian_width(char) == "F"
    return category in "PZC" and char not in _KEPT
