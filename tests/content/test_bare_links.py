# ruff: noqa: RUF001 - punctuation of many scripts, which is not to be mistaken
"""Addresses that become links without being marked as such, in articles and in comments."""

import pytest

from app.content.markup import render_article, render_comment
from tests.support.html import elements

# An address, and what its sentence goes on with.
# fmt: off
SENTENCES = [
    *("{}.", "{}, and", "{}; and", "{}: x", "{}!", "{}?", "{}...", "({})", "[{}]", "(see {}).", '"{}"', "'{}'"),
    *("**{}**", "*{}*", "_{}_", "__{}__", "***{}***", "~~{}~~", "{}`x`", "{}\\", "{}^", "| {} |", "{}|b"),
    *("&lt;{}&gt;", "&quot;{}&quot;", "<{}>", "{}<br>", "{}&nbsp;"),
    *("{}…", "“{}”", "‘{}’", "«{}»", "„{}“", "{}—and", "{} – and"),
    *("{}。", "{}，好", "{}、次", "{}；", "{}：", "{}！", "{}？", "見て{}。", "{}　次", "{}・次", "{}〜", "{}｡"),
    *("（{}）", "「{}」です", "『{}』", "【{}】", "《{}》", "〈{}〉", "＜{}＞", "［{}］", "｛{}｝", "｢{}｣", "({})です"),
    *("{}، و", "{}؛", "{}؟", "{}۔", "{}।", "{}॥", "{}։", "{}።", "{}។"),
    *("{}\u200b", "{}\u2060", "{}\u202f", "\u2066{}\u2069"),
]
# fmt: on


def links_in(markdown: str) -> list[str]:
    """The addresses that the text links to, which are the same in an article and in a comment."""
    of_article, of_comment = (
        [attributes.get("href", "") for tag, attributes in elements(render(markdown)) if tag == "a"]
        for render in (lambda text: render_article(text).html, render_comment)
    )
    assert of_article == of_comment
    return of_article


@pytest.mark.parametrize(
    "text",
    [
        "main.py README.md build.rs node.js e.g. i.e. foo.txt a.sh x.zip some.mov setup.ai index.html",
        "example.com sub.example.org/path 1.2.3.4 localhost:8000 //example.com/a",
        "anna@example.com git@github.com:anna/blog.git",
        "http:// https:/example.com https:example.com http://. http://- http://… ://example.com",
        "www.example www. www.. wwwexample.com xwww.example.com a.www.example.com @www.example.com",
        "javascript:alert(1) javascript://www.example.com data:text/html,x file:///etc/passwd",
        "mailto: mailto:anna mailto:anna@ mailto:anna@localhost",
        "xhttps://example.com c++https://example.com",
        "`https://example.com`",
        "```\nhttps://example.com\n```",
        f"https://example.com/{'a' * 2000}",
    ],
)
def test_without_a_scheme_or_www_there_is_no_link(text: str) -> None:
    assert links_in(text) == []


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://example.com", ["https://example.com"]),
        ("http://example.com/a/b?c=d&e=f#g", ["http://example.com/a/b?c=d&e=f#g"]),
        ("HTTPS://Example.com/", ["HTTPS://Example.com/"]),
        ("www.example.com and www.example.com/a", ["http://www.example.com", "http://www.example.com/a"]),
        ("ftp://example.com/a mailto:anna@example.com", ["ftp://example.com/a", "mailto:anna@example.com"]),
        ("http://localhost:8000/a http://[::1]:8000/", ["http://localhost:8000/a", "http://[::1]:8000/"]),
        ("https://anna@example.com/", ["https://anna@example.com/"]),
        ("https://example.com/main.py", ["https://example.com/main.py"]),
        ("https://example.com/__init__.py https://example.com/a_b_c", None),
        ("https://example.com/a\\_b", ["https://example.com/a_b"]),
        ("https://example.com/?a=1&amp;b=2&copy=3", ["https://example.com/?a=1&b=2&copy=3"]),
        ("https://example.com/@anna/~b/c;d=e,f!", ["https://example.com/@anna/~b/c;d=e,f"]),
        ("see:https://example.com", ["https://example.com"]),
        ("https://example.com/-", ["https://example.com/-"]),
    ],
)
def test_a_scheme_or_www_makes_a_link(text: str, links: list[str] | None) -> None:
    assert links_in(text) == (text.split() if links is None else links)


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("address", ["https://example.com/a", "https://example.com/a_(b)", "www.example.com/?q=a"])
def test_a_link_ends_where_its_sentence_goes_on(text: str, address: str) -> None:
    assert links_in(text.format(address)) == [address if "://" in address else f"http://{address}"]


@pytest.mark.parametrize("text", [*SENTENCES, "{}を見る", "见{}です", "{}에서", "**{}**です", "{},x", "{}(x)"])
def test_so_does_one_that_is_a_host_alone(text: str) -> None:
    assert links_in(text.format("https://example.com")) == ["https://example.com"]
    assert links_in(text.format("www.example.com")) == ["http://www.example.com"]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://例え.jp/パス/x", ["https://xn--r8jz45g.jp/%E3%83%91%E3%82%B9/x"]),
        ("https://例え.テスト/", ["https://xn--r8jz45g.xn--zckzah/"]),
        ("http://münchen.de/straße", ["http://xn--mnchen-3ya.de/stra%C3%9Fe"]),
        ("http://münchen/", ["http://xn--mnchen-3ya/"]),
        ("http://उदाहरण.परीक्षा/क", ["http://xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g/%E0%A4%95"]),
        ("https://fa.example.org/\u0645\u06cc\u200c\u062f\u0627\u0646\u0645", None),
        ("https://en.example.org/A–B", ["https://en.example.org/A%E2%80%93B"]),
    ],
)
def test_addresses_in_other_scripts_are_whole(text: str, links: list[str] | None) -> None:
    found = links_in(text)
    assert found == links if links else "%E2%80%8C" in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "[https://a.example](https://example.com)",
        "[see www.a.example here](https://example.com)",
        "[**https://a.example**](https://example.com)",
        "<https://example.com>",
    ],
)
def test_there_is_no_link_within_a_link(text: str) -> None:
    assert links_in(text) == ["https://example.com"]


def test_nor_within_one_in_html() -> None:
    html = render_article('Text <a href="/a">https://example.com</a> text').html

    assert html.count("<a ") == 1


def test_what_was_written_is_what_is_shown() -> None:
    html = render_comment("(www.example.com/a_b?c=%20&amp;d), 见https://例え.jp/パス。")

    assert ">www.example.com/a_b?c=%20&amp;d</a>), 见<a " in html
    assert ">https://例え.jp/パス</a>。" in html


def test_robots_follow_no_bare_link_in_a_comment() -> None:
    assert 'rel="nofollow ugc noopener noreferrer"' in render_comment("www.example.com")
