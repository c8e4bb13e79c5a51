"""Which HTML is kept: nothing that executes, and nothing that could be taken for a part of the page around it."""

import re
from collections import Counter
from collections.abc import Mapping

import nh3

_COMMENT_TAGS = {"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
_ARTICLE_TAGS = _COMMENT_TAGS | {
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "figure", "figcaption", "picture", "source", "details"),
    *("summary", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "colgroup", "col", "section"),
    *("sup", "sub", "del", "ins", "mark", "small", "kbd", "samp", "var", "abbr", "cite", "q", "dfn", "time", "span"),
    *("div", "dl", "dt", "dd", "b", "i", "u", "audio", "video", "track", "aside", "header", "footer", "article"),
    *("ruby", "rb", "rt", "rtc", "rp", "bdi", "bdo", "wbr", "strike", "tt", "big", "address", "hgroup"),
}
_PLAYED = {"loop", "muted", "preload"}
_ARTICLE_ATTRIBUTES = {
    "*": {"class", "id", "title", "lang", "dir"},
    "a": {"href", "hreflang", "name"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", "loading"},
    "source": {"src", "srcset", "sizes", "type", "media", "width", "height"},
    "audio": {"src", *_PLAYED},
    "video": {"src", "width", "height", "poster", "playsinline", *_PLAYED},
    "track": {"src", "kind", "srclang", "label", "default"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "th": {"align", "colspan", "rowspan", "scope", "style"},
    "td": {"align", "colspan", "rowspan", "style"},
    "col": {"span"},
    "time": {"datetime"},
    "details": {"open"},
}
# What plays does so when its reader wants it to: `autoplay` is nowhere allowed, and the controls are always there.
_GIVEN_ATTRIBUTES = {"audio": {"controls": ""}, "video": {"controls": ""}}
_COMMENT_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
# Schemes that open a page, or ask another program to write to somebody, call them or fetch something.
_LINK_SCHEMES = {
    *("http", "https", "mailto", "tel", "sms", "geo", "ftp", "irc", "ircs", "xmpp", "matrix", "magnet", "webcal"),
    *("gemini", "gopher", "news", "nntp", "sip", "sips"),
}
_WEB_SCHEMES = {"http", "https"}
# Attributes by which a browser loads something by itself; the sanitiser looks at all of them but the last.
_LOADED = {"src", "poster", "srcset"}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=:)", re.IGNORECASE)
# Browsers leave these out of an address before they look at its scheme.
_IGNORED_IN_ADDRESSES = re.compile(r"[\x00-\x20]")
_CANDIDATE = re.compile(r"[\s,]*+(\S+)([^,]*)")
_DESCRIPTOR = re.compile(r"(?:\d+(?:\.\d+)?[wxh])?")

_MAX_ID_LENGTH = 500
# Classes that the renderer itself makes. Others could clash with those of the page around the article.
_OWN_CLASS = re.compile(r"language-[\w+#.-]+|footnotes?(-[a-z]+)?")
_OWN_STYLE = re.compile(r"text-align:(left|center|right)")

# What is not merely marked up in another way when it is gone. Comments, and the text of what was counted, are no tags.
_LOST = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script)\b.*?(?:</script|\Z)|<(iframe|frame|object|embed|applet|form|svg|math|canvas)\b",
    re.IGNORECASE | re.DOTALL,
)


def lost_elements(html: str) -> Mapping[str, int]:
    """How many elements of each kind the sanitiser takes out of an article's HTML, with what they would have shown."""
    return Counter((tag[1] or tag[2]).lower() for tag in _LOST.finditer(html) if tag.lastindex)


def _cleaner(tags: set[str], attributes: dict[str, set[str]], link_rel: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=tags,
        attributes=attributes,
        attribute_filter=_keep_attribute,
        set_tag_attribute_values={tag: given for tag, given in _GIVEN_ATTRIBUTES.items() if tag in tags},
        url_schemes=_LINK_SCHEMES,
        link_rel=link_rel,
    )


def _keep_attribute(_tag: str, attribute: str, value: str) -> str | None:
    if attribute in {"id", "name"}:
        return value if 0 < len(value) <= _MAX_ID_LENGTH and not re.search(r"\s", value) else None
    if attribute == "class":
        return " ".join(name for name in value.split() if _OWN_CLASS.fullmatch(name)) or None
    if attribute == "style":
        return value if _OWN_STYLE.fullmatch(value) else None
    if attribute == "srcset":
        return ", ".join(_web_candidates(value)) or None
    if attribute in _LOADED:
        return value if _is_of_the_web(value) else None
    return value


def _web_candidates(srcset: str) -> list[str]:
    """The candidates of a `srcset` that a browser may load: each an address, and its width or density."""
    kept = []
    end = 0
    while candidate := _CANDIDATE.match(srcset, end):
        address, descriptor = candidate[1].rstrip(","), candidate[2].strip()
        if address != candidate[1]:
            # A comma at its end ends the candidate; other commas are part of the address.
            descriptor, end = "", candidate.end(1)
        else:
            end = candidate.end()
        if _is_of_the_web(address) and _DESCRIPTOR.fullmatch(descriptor):
            kept.append(f"{address} {descriptor}".strip())
    return kept


def _is_of_the_web(address: str) -> bool:
    scheme = _SCHEME.match(_IGNORED_IN_ADDRESSES.sub("", address))
    return scheme is None or scheme[0].lower() in _WEB_SCHEMES


_ARTICLES = _cleaner(_ARTICLE_TAGS, _ARTICLE_ATTRIBUTES, "noopener noreferrer")
_COMMENTS = _cleaner(_COMMENT_TAGS, _COMMENT_ATTRIBUTES, "nofollow ugc noopener noreferrer")
_TEXT = nh3.Cleaner(tags=set())


def sanitised_article(html: str) -> str:
    return _ARTICLES.clean(html)


def sanitised_comment(html: str) -> str:
    """Like an article's HTML, but only what comments may contain; search engines do not follow its links."""
    return _COMMENTS.clean(html)


def without_tags(html: str) -> str:
    return _TEXT.clean(html)
