"""What becomes of Markdown: the HTML of articles and comments, excerpts and counts."""

import pytest

from app.content.markup import EXCERPT_LENGTH, render_article, render_comment, shorten, shows_something


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("# One\n\n## Two", '<h1 id="user-content-one">One</h1>\n<h2 id="user-content-two">Two</h2>\n'),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"),
        ("7. a", '<ol start="7">\n<li>a</li>\n</ol>\n'),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("```python\n<b>\n```", '<pre><code class="language-python">&lt;b&gt;\n</code></pre>\n'),
        ("```c++\nx\n```", '<pre><code class="language-c++">x\n</code></pre>\n'),
        ("[x](/a)", '<p><a href="/a" rel="noopener noreferrer">x</a></p>\n'),
        ('![alt](https://example.com/i.png "t")', '<p><img src="https://example.com/i.png" alt="alt" title="t"></p>\n'),
        ("H<sub>2</sub>O <kbd>Ctrl</kbd>", "<p>H<sub>2</sub>O <kbd>Ctrl</kbd></p>\n"),
        (
            "<details>\n<summary>More</summary>\nText\n</details>",
            "<details>\n<summary>More</summary>\nText\n</details>",
        ),
    ],
)
def test_articles_are_commonmark_with_harmless_html(markdown: str, html: str) -> None:
    assert render_article(markdown).html == html


def test_tables_keep_the_alignment_of_their_columns() -> None:
    html = render_article("a | b | c | d\n:--|:-:|--:|--\n1|2|3|4").html

    for alignment in ("left", "center", "right"):
        assert f'<th style="text-align:{alignment}">' in html
        assert f'<td style="text-align:{alignment}">' in html
    assert "<td>4</td>" in html


def test_footnotes_link_there_and_back() -> None:
    html = render_article("One[^a] and two[^a].\n\n[^a]: The note.").html

    for name in ("fn1", "fnref1", "fnref1:1"):
        assert f' id="user-content-{name}"' in html
        assert f' href="#user-content-{name}"' in html
    assert "The note." in html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("*a* **b** `c` ~~d~~", "<p><em>a</em> <strong>b</strong> <code>c</code> <s>d</s></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("```py\nx\n```", '<pre><code class="language-py">x\n</code></pre>'),
        ("# Not a heading", "<p># Not a heading</p>"),
        ("Not\n===", "<p>Not<br>\n===</p>"),
        ("---", "<p>---</p>"),
        ("<b>not HTML</b>", "<p>&lt;b&gt;not HTML&lt;/b&gt;</p>"),
        ("a | b\n--|--\n1|2", "<p>a | b<br>\n--|--<br>\n1|2</p>"),
    ],
)
def test_comments_are_a_subset(markdown: str, html: str) -> None:
    assert render_comment(markdown) == html


@pytest.mark.parametrize("markdown", ["https://example.com/a", "[https://example.com/a](https://example.com/a)"])
def test_robots_do_not_follow_links_in_comments(markdown: str) -> None:
    rel = "nofollow ugc noopener noreferrer"

    assert render_comment(markdown) == f'<p><a href="https://example.com/a" rel="{rel}">https://example.com/a</a></p>'


def test_comments_show_no_pictures() -> None:
    assert "<img" not in render_comment("![spy](https://example.com/pixel.gif)")


@pytest.mark.parametrize("markdown", ["", "[](https://example.com)", "&nbsp;", "\u200b", "> "])
def test_a_comment_without_anything_to_see_is_noticed(markdown: str) -> None:
    assert not shows_something(render_comment(markdown))


def test_a_comment_with_something_to_see_is_noticed() -> None:
    assert shows_something(render_comment("&lt;"))


@pytest.mark.parametrize(
    "html",
    [
        "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
        "<ruby><rb>漢</rb><rtc><rt>kan</rt></rtc></ruby>",
        "<strike>gone</strike> <tt>typed</tt> <big>big</big>",
        '<bdi>a</bdi> <bdo dir="rtl">b</bdo> c<wbr>d',
        "<address>Lisbon</address>",
        '<img src="a.png" srcset="a.png 1x, /b,c.png 2x, d.png 640w" sizes="50vw" alt="">',
        '<picture><source srcset="https://example.com/a.webp" type="image/webp"><img src="a.png" alt=""></picture>',
        '<video width="640" poster="a.jpg" loop="" muted="" preload="none" src="a.mp4" controls=""></video>',
        '<audio src="a.mp3" controls=""></audio>',
        '<video controls=""><source src="a.webm" type="video/webm"><track src="a.vtt" kind="captions">Text</video>',
    ],
)
def test_harmless_html_stays_as_it_is(html: str) -> None:
    assert render_article(f"<div>{html}</div>").html == f"<div>{html}</div>"


@pytest.mark.parametrize("attributes", ["", "autoplay", "controls=false autoplay=autoplay muted", "AUTOPLAY CONTROLS"])
@pytest.mark.parametrize("element", ["audio", "video"])
def test_what_plays_has_controls_and_does_not_start_by_itself(element: str, attributes: str) -> None:
    html = render_article(f'<{element} src="a" {attributes}></{element}>').html

    assert ' controls=""' in html
    assert "autoplay" not in html


@pytest.mark.parametrize(
    "href",
    ["tel:+491234", "sms:+491234", "mailto:a@example.com", "ftp://example.com/a", "xmpp:a@example.com", "geo:1,2"],
)
def test_links_may_lead_to_other_programs(href: str) -> None:
    for html in (render_article(f'[x]({href}) <a href="{href}">x</a>').html, render_comment(f"[x]({href})")):
        assert html.count(f'href="{href}"') == html.count("<a ") > 0


@pytest.mark.parametrize(
    ("markdown", "lost"),
    [
        ("<iframe src='https://video.example/1'></iframe>\n\n<IFRAME src=x></IFRAME>", {"iframe": 2}),
        ("<script>document.write('<iframe>')</script>\n\n<script src=x></script>", {"script": 2}),
        ("<object data=x><embed src=x></object>\n\n<svg><path></svg>", {"object": 1, "embed": 1, "svg": 1}),
        ("<form action=x></form> <canvas></canvas> <math></math>", {"form": 1, "canvas": 1, "math": 1}),
        ("`<iframe>` &lt;script&gt; <!-- <iframe> --> \\<iframe>\n\n    <script>", {}),
        ("<p style='x' onclick='y'>Text</p> <u>b</u> <center>c</center>", {}),
        ("", {}),
    ],
)
def test_what_is_lost_is_counted(markdown: str, lost: dict[str, int]) -> None:
    assert render_article(markdown).lost == lost


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("", 0),
        ("one two  three", 3),
        ("don't well-known", 2),
        ("**bold** `code` [link](https://example.com/not-counted)", 3),
        ("你好世界", 4),
        ("これはペンです", 7),
        ("한국어 문장", 2),
        ("Python で書く", 4),
        ("— … 🎉", 0),
        ("a|b\n-|-\nc|d", 4),
        ("<!-- not a word -->", 0),
    ],
)
def test_words_are_counted_in_every_script(markdown: str, words: int) -> None:
    assert render_article(markdown).word_count == words


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (230, 1), (231, 2), (2300, 10)])
def test_reading_takes_a_minute_at_least(words: int, minutes: int) -> None:
    assert render_article("word " * words).reading_minutes == minutes


def test_the_excerpt_is_the_text_of_the_first_paragraph() -> None:
    paragraphs = ["# Title", f"A *first* [link](/a) & more[^1]. {'x ' * 80}", "Later.", "[^1]: Note"]

    assert render_article("\n\n".join(paragraphs)).excerpt == f"A first link & more. {'x ' * 80}".strip()


def test_a_short_first_paragraph_is_continued_with_the_next() -> None:
    assert render_article("Short.\n\nNext one.").excerpt == "Short. Next one."


def test_an_excerpt_has_no_markup() -> None:
    assert render_article("1 < 2 &amp; `<script>`").excerpt == "1 < 2 & <script>"


def test_a_long_paragraph_is_cut_at_a_word() -> None:
    excerpt = render_article("abcdefghi " * 100).excerpt

    assert excerpt == f"{' '.join(['abcdefghi'] * 27)}…"
    assert len(excerpt) <= EXCERPT_LENGTH


@pytest.mark.parametrize(
    ("text", "length", "shortened"),
    [("short", 5, "short"), ("two words", 8, "two…"), ("a, b", 3, "a…"), ("endless", 4, "end…"), ("", 10, "")],
)
def test_shortening_keeps_to_the_length(text: str, length: int, shortened: str) -> None:
    assert shorten(text, length) == shortened


def test_references_cannot_make_megabytes_of_a_comment() -> None:
    html = render_comment("[a]: /" + "y" * 5000 + "\n\n" + "[a] " * 1200)

    assert len(html) < 11_000


def test_an_excerpt_ends_where_something_else_begins() -> None:
    assert render_article("There are:\n\n- one\n- two\n\nThat is all.").excerpt == "There are:"
    assert render_article("# Title\n\nFirst.\n\nSecond.").excerpt == "First. Second."
