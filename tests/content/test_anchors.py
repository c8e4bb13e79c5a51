"""Ids in articles, and the links to them."""

import re
from html import unescape
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.anchors import PREFIX, slug_of_heading
from app.content.markup import render_article, render_comment
from tests.support.examples import examples
from tests.support.html import elements


def ids_in(markdown: str) -> list[str]:
    return [attributes["id"] for _, attributes in elements(render_article(markdown).html) if "id" in attributes]


def fragments_in(markdown: str) -> list[str]:
    found = [attributes.get("href", "") for _, attributes in elements(render_article(markdown).html)]
    return [unquote(href.removeprefix("#")) for href in found if href.startswith("#")]


@pytest.mark.parametrize(
    ("heading", "slug"),
    [
        ("Getting started", "getting-started"),
        ("Getting Started (v2.0)!", "getting-started-v20"),
        ("a -- b — c", "a----b--c"),
        ("snake_case & kebab-case", "snake_case--kebab-case"),
        ("Über uns", "über-uns"),
        ("Что нового?", "что-нового"),
        ("世界 こんにちは", "世界-こんにちは"),
        ("हिन्दी शब्द", "हिन्दी-शब्द"),
        ("مقدمة", "مقدمة"),
        ("🎉 Party", "-party"),
        ("❤️", "section"),
        ("???", "section"),
        ("2019", "2019"),
        ("  spaced  ", "spaced"),
        ("", "section"),
    ],
)
def test_headings_get_the_id_that_github_gives_them(heading: str, slug: str) -> None:
    assert slug_of_heading(heading) == slug


@pytest.mark.parametrize(
    ("markdown", "ids"),
    [
        ("# One\n\nTwo\n---\n\n###### Three", ["one", "two", "three"]),
        ("## *Some* `code()` and [a link](/x)", ["some-code-and-a-link"]),
        ("## A &amp; B &lt;i&gt;", ["a--b-i"]),
        ("<h2>From HTML</h2>\n<h3 class='x' title='a > b'>With <em>more</em></h3>", ["from-html", "with-more"]),
        ("## Noted[^1]\n\n[^1]: Note", ["noted", "fnref1", "fn1"]),
        # Two of one name
        ("## Foo\n## Foo\n## Foo", ["foo", "foo-1", "foo-2"]),
        ("## Foo\n## Foo\n## Foo-1", ["foo", "foo-1", "foo-1-1"]),
        ("## Foo\n\n<p id='foo'>First come</p>", ["foo-1", "foo"]),
        ("<p id='a'></p><p id='a'></p><h2 id='a'>x</h2>", ["a", "a-1"]),
        # Chosen ones
        ("## Installing {#setup}", ["setup"]),
        ("## Installing {#setup .x data-y=z} ##", ["setup"]),
        ("## Installing ## {#setup}", ["setup"]),
        ("## Installing {: #setup}", ["setup"]),
        ("Installing {#setup}\n===", ["setup"]),
        ("<h2 id='setup'>Installing</h2>", ["setup"]),
        ("<a name='here'></a> <a id='there' name='ignored' href='/'>x</a> <span id='span'>y</span>", None),
        ("<h2 id='two words'>Title</h2>", ["title"]),
        ("<h2 id=''>Title</h2>", ["title"]),
        # From where such prefixes were used already
        ("<h2 id='user-content-title'>Title</h2>", ["title"]),
        # No ids at all
        ("## Literal \\{#setup}", ["literal-setup"]),
        ("## Code `{#setup}`", ["code-setup"]),
        ("Text {#setup}", []),
    ],
)
def test_ids(markdown: str, ids: list[str] | None) -> None:
    expected = ["here", "there", "span"] if ids is None else ids
    assert ids_in(markdown) == [f"{PREFIX}{name}" for name in expected]


def test_an_id_given_in_markdown_is_not_shown() -> None:
    html = render_article("## Installing {#setup} ##\n\n## So ## {#so}").html

    assert html == '<h2 id="user-content-setup">Installing</h2>\n<h2 id="user-content-so">So</h2>\n'


@pytest.mark.parametrize(
    ("heading", "fragment"),
    [
        ("## Getting started", "getting-started"),
        ("## Getting started", "Getting-Started"),
        ("## Getting started", "getting_started"),
        ("## Getting started", "getting%20started"),
        ("## Getting started", "user-content-getting-started"),
        ("## Über uns", "über-uns"),
        ("## Über uns", "%C3%BCber-uns"),
        ("## Über uns", "%c3%bcber-uns"),
        ("## Über uns", "u\u0308ber-uns"),
        ("## Über uns", "uber-uns"),
        ("## Что нового?", "chto-novogo"),
        ("## What's new?", "whats-new"),
        ("## What's new?", "what-s-new"),
        ("## What's new?", "what's-new?"),
        ("## A — b", "a-b"),
        ("## 1. Introduction", "introduction"),
        ("## 1. Introduction", "1-introduction"),
        ("## Foo\n## Foo", "foo_1"),
        ("## 世界", "世界"),
        ("<a name='Old.Anchor'></a>", "Old.Anchor"),
        ("<p id='a&amp;b'></p>", "a%26b"),
        ("<p id='q\"'></p>", "q%22"),
        ("<p id='100%'></p>", "100%"),
        ("## Installing {#setup}", "setup"),
    ],
)
def test_links_lead_to_what_they_mean(heading: str, fragment: str) -> None:
    for text in (f"[x](<#{fragment}>)\n\n{heading}", f'{heading}\n\n<a href="#{fragment}">x</a>'):
        (target,) = fragments_in(text)
        assert target == ids_in(text)[-1], text


def test_of_several_places_the_one_of_exactly_this_name_is_meant() -> None:
    text = "## Foo Bar\n\n<p id='Foo-Bar'></p>\n\n[a](#Foo-Bar) [b](#foo-bar) [c](#FOO-BAR)"

    assert fragments_in(text) == [f"{PREFIX}{name}" for name in ("Foo-Bar", "foo-bar", "foo-bar")]


@pytest.mark.parametrize(
    "href", ["#", "#top", "#comments", "#!/app", "#%", "/other#title", "https://example.com/#title"]
)
def test_links_to_elsewhere_stay_as_they_are(href: str) -> None:
    html = render_article(f'## Title\n\n<a href="{href}">x</a>').html

    assert unescape(re.findall(r'href="([^"]*)"', html)[0]) == href


def test_comments_have_no_ids() -> None:
    assert render_comment("# Title\n\n[x](#title)").count("id=") == 0


def test_ids_can_be_as_many_as_an_article_has_room_for() -> None:
    html = render_article("# a\n" * 20_000 + "[x](#a-19999) [y](#nowhere)").html

    assert ' id="user-content-a-19999"' in html
    assert ' href="#user-content-a-19999"' in html


PIECES = [
    *("# a\n", "## A {#b}\n", "<h2 id='a'>b</h2>", "<a name='b'></a>", "<p id='a b'>", "<h1><div>", "# é 世界\n", "#"),
    *("[x](#a)", "[x](#B)", "[x](#%C3%A9)", "[^1]", "\n\n[^1]: n\n\n", "\n\n", "`", "<", ">", '"', "'", "&amp;"),
    *("{#", "}"),
]


@examples(100)
@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_ids_are_unique_and_what_is_linked_is_there(pieces: list[str]) -> None:
    markdown = "".join(pieces)
    ids = ids_in(markdown)

    assert len(ids) == len(set(ids))
    assert all(name.startswith(PREFIX) for name in ids)
    assert {target for target in fragments_in(markdown) if target.startswith(PREFIX)} <= set(ids)
