"""Rendering Markdown to safe HTML, and what is derived from it."""

import html
import re
import unicodedata
from dataclasses import dataclass
from math import ceil

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

EXCERPT_LENGTH = 280
WORDS_PER_MINUTE = 230

# Bare addresses become links in comments only: recognising them takes time quadratic in the length of the text,
# half a second for the longest comment but minutes for a long article.
_ARTICLE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_ARTICLE.use(footnote_plugin)
_COMMENT = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True}).enable(
    ["strikethrough", "linkify"]
)
# References too: a few of them, used often enough, make megabytes of a short comment.
_COMMENT.disable(["heading", "lheading", "image", "html_block", "html_inline", "hr", "reference"])

_COMMENT_TAGS = {"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
_ARTICLE_TAGS = _COMMENT_TAGS | {
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "figure", "figcaption", "picture", "source", "details"),
    *("summary", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "colgroup", "col", "section"),
    *("sup", "sub", "del", "ins", "mark", "small", "kbd", "samp", "var", "abbr", "cite", "q", "dfn", "time", "span"),
    *("div", "dl", "dt", "dd", "b", "i", "u", "audio", "video", "track", "aside", "header", "footer", "article"),
}
_ARTICLE_ATTRIBUTES = {
    "*": {"class", "id", "title", "lang", "dir"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height", "loading"},
    "source": {"src", "srcset", "type", "media"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "width", "height", "poster"},
    "track": {"src", "kind", "srclang", "label"},
    "ol": {"start", "reversed"},
    "th": {"align", "colspan", "rowspan", "scope", "style"},
    "td": {"align", "colspan", "rowspan", "style"},
    "col": {"span"},
    "time": {"datetime"},
    "details": {"open"},
}
_COMMENT_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_URL_SCHEMES = {"http", "https", "mailto"}

# Ids and classes that the renderer itself makes. Others could clash with those of the page around the article.
_OWN_ID = re.compile(r"fn(ref)?\d+(:\d+)?")
_OWN_CLASS = re.compile(r"language-[\w+#.-]+|footnotes?(-[a-z]+)?")
_OWN_STYLE = re.compile(r"text-align:(left|center|right)")
_WORD = re.compile(
    # A character of a script that is written without spaces counts as a word of its own.
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
    r"|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+(?:['\u2019-]\w+)*"
)
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_FOOTNOTES = '<section class="footnotes">'
_FOOTNOTE_REFERENCE = re.compile(r'<sup class="footnote-ref">.*?</sup>', re.DOTALL)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class RenderedArticle:
    """Sanitised HTML and what is derived from it; `reading_minutes` is at least 1."""

    html: str
    excerpt: str
    word_count: int
    reading_minutes: int


def render_article(markdown: str) -> RenderedArticle:
    """CommonMark with tables, footnotes, strikethrough and harmless HTML; nothing in the result executes."""
    body = _sanitise(_ARTICLE.render(markdown), _ARTICLE_TAGS, _ARTICLE_ATTRIBUTES, "noopener noreferrer")
    words = sum(1 for _ in _WORD.finditer(_text_of(body)))
    return RenderedArticle(body, _excerpt_of(body), words, max(1, ceil(words / WORDS_PER_MINUTE)))


def render_comment(markdown: str) -> str:
    """The subset for comments: no headings, images, tables or HTML; links are marked `nofollow`."""
    rel = "nofollow ugc noopener noreferrer"
    return _sanitise(_COMMENT.render(markdown), _COMMENT_TAGS, _COMMENT_ATTRIBUTES, rel).strip()


def shows_something(html_text: str) -> bool:
    """Whether a reader would see anything of this HTML."""
    return any(unicodedata.category(char)[0] not in "CZ" for char in _text_of(html_text))


def _sanitise(html_text: str, tags: set[str], attributes: dict[str, set[str]], link_rel: str) -> str:
    return nh3.clean(
        html_text,
        tags=tags,
        attributes=attributes,
        attribute_filter=_keep_attribute,
        url_schemes=_URL_SCHEMES,
        link_rel=link_rel,
    )


def _keep_attribute(_tag: str, attribute: str, value: str) -> str | None:
    if attribute == "id":
        return value if _OWN_ID.fullmatch(value) else None
    if attribute == "class":
        return " ".join(name for name in value.split() if _OWN_CLASS.fullmatch(name)) or None
    if attribute == "style":
        return value if _OWN_STYLE.fullmatch(value) else None
    return value


def _excerpt_of(body: str) -> str:
    """The text of the first paragraphs up to any other element, cut at a word."""
    text, end = "", None
    for paragraph in _PARAGRAPH.finditer(body.partition(_FOOTNOTES)[0]):
        if text and body[end : paragraph.start()].strip():
            break
        end = paragraph.end()
        text = f"{text} {_text_of(_FOOTNOTE_REFERENCE.sub('', paragraph.group(1)))}".strip()
        if len(text) >= EXCERPT_LENGTH // 2:
            break
    return shorten(text, EXCERPT_LENGTH)


def shorten(text: str, length: int) -> str:
    """`text` cut at the last space within `length` characters, with an ellipsis where it was cut."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    return f"{head.rsplit(' ', 1)[0].rstrip(' ,;:.')}…"


def _text_of(html_text: str) -> str:
    return _SPACES.sub(" ", html.unescape(nh3.clean(html_text, tags=set()))).strip()
