"""Rendering Markdown to safe HTML, and what is derived from it."""

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from app.content.anchors import anchored, heading_ids
from app.content.bare_links import bare_links
from app.content.sanitising import lost_elements, sanitised_article, sanitised_comment, without_tags

EXCERPT_LENGTH = 280
WORDS_PER_MINUTE = 230

_ARTICLE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_ARTICLE.use(footnote_plugin).use(bare_links).use(heading_ids)
_COMMENT = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["strikethrough"]).use(bare_links)
# References too: a few of them, used often enough, make megabytes of a short comment.
_COMMENT.disable(["heading", "lheading", "image", "html_block", "html_inline", "hr", "reference"])

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
    """Sanitised HTML and what is derived from it; `reading_minutes` is at least 1.

    `lost` says how many frames, scripts and the like there were, which are not in the HTML.
    """

    html: str
    excerpt: str
    word_count: int
    reading_minutes: int
    lost: Mapping[str, int] = field(default_factory=dict, compare=False)


def render_article(markdown: str) -> RenderedArticle:
    """CommonMark with tables, footnotes, strikethrough, bare links, ids and harmless HTML.

    Nothing in the result executes.
    """
    unsafe = _ARTICLE.render(markdown)
    body = anchored(sanitised_article(unsafe))
    words = sum(1 for _ in _WORD.finditer(_text_of(body)))
    minutes = max(1, ceil(words / WORDS_PER_MINUTE))
    return RenderedArticle(body, _excerpt_of(body), words, minutes, lost_elements(unsafe))


def plain_text(markdown: str) -> str:
    """What the Markdown of an article shows, as one line."""
    return _text_of(render_article(markdown).html)


def render_comment(markdown: str) -> str:
    """The subset for comments: no headings, images, tables or HTML; links are marked `nofollow`."""
    return sanitised_comment(_COMMENT.render(markdown)).strip()


def shows_something(html_text: str) -> bool:
    """Whether a reader would see anything of this HTML."""
    return any(unicodedata.category(char)[0] not in "CZ" for char in _text_of(html_text))


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
    return _SPACES.sub(" ", html.unescape(without_tags(html_text))).strip()
