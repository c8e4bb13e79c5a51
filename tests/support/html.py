"""Looking at HTML as a browser would."""

import re
from html.parser import HTMLParser

_EXECUTING = {
    *("script", "iframe", "frame", "object", "embed", "applet", "base", "link", "meta", "style", "svg", "math"),
    *("form", "input", "button", "textarea", "select", "template", "noscript", "portal", "marquee", "xmp", "plaintext"),
}
_ADDRESSES = {"href", "src", "srcset", "action", "formaction", "poster", "cite", "data", "background", "xlink:href"}
_LOADED = {"http", "https"}
_FOLLOWED = {*_LOADED, "mailto", "tel", "sms", "ftp", "xmpp", "irc", "magnet", "geo"}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=:)")
# Browsers leave these out of an address before they look at its scheme.
_IGNORED_IN_ADDRESSES = re.compile(r"[\x00-\x20]")


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def elements(html: str) -> list[tuple[str, dict[str, str]]]:
    """Every element of this HTML with its attributes."""
    parser = _Elements()
    parser.feed(html)
    parser.close()
    return parser.found


def dangers(html: str) -> list[str]:
    """What in this HTML could run code, load a page, send a form or clash with the page around it."""
    found = []
    for tag, attributes in elements(html):
        if tag in _EXECUTING:
            found.append(f"<{tag}>")
        found += [f"<{tag} {name}={value!r}>" for name, value in attributes.items() if _is_dangerous(name, value)]
    return found


def _leads_astray(address: str, *, loads: bool) -> bool:
    scheme = _SCHEME.match(_IGNORED_IN_ADDRESSES.sub("", address).lower())
    return scheme is not None and scheme[0] not in (_LOADED if loads else _FOLLOWED)


def _is_dangerous(name: str, value: str) -> bool:
    if name in _ADDRESSES:
        addresses = value.split(",") if name == "srcset" else [value]
        return any(_leads_astray(address, loads=name != "href") for address in addresses)
    if name == "id":
        return not re.fullmatch(r"user-content-\S+", value)
    if name == "style":
        return not re.fullmatch(r"text-align:(left|right|center)", value)
    return name.startswith("on") or name in {"name", "autoplay", "srcdoc", "is", "slot", "target", "ping", "http-equiv"}
