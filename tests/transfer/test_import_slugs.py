"""Slugs and excerpts: what they are taken from, and in which order."""

import pytest

from tests.support.posts import post


@pytest.mark.parametrize(
    ("header", "name", "slug"),
    [
        ("slug: My Own.Slug", "2020-02-29-name.md", "my-own-slug"),
        ("slug: 1.10", "name.md", "1-10"),
        ("permalink: /blog/2020/hello.html", "name.md", "hello"),
        ("permalink: /:year/:title/", "name.md", "name"),
        ("permalink: pretty", "name.md", "name"),
        ("url: /posts/hello/", "name.md", "hello"),
        ("path: about", "name.md", "about"),
        ("slug: '%E4%BD%A0%E5%A5%BD'", "name.md", "ni-hao"),
        ("slug: '%25E4%25BD%25A0%25E5%25A5%25BD'", "name.md", "ni-hao"),
        ("slug: 100%25", "name.md", "100"),
        ("slug: '%ff%fe'", "name.md", "ff-fe"),
        ("slug: /2019/09/05/hello-world", "name.md", "hello-world"),
        ("slug: hello/", "name.md", "hello"),
        ("slug: hello.html", "name.md", "hello"),
        ("slug: index", "name.md", "name"),
        ("post_name: hello", "name.md", "hello"),
        ("permalink: /blog/hello/index.html", "name.md", "hello"),
        ("permalink: /blog/hello/INDEX.htm", "name.md", "hello"),
        ("permalink: /blog/hello.php?x=y#z", "name.md", "hello"),
        ("permalink: /blog/caf%C3%A9/", "name.md", "cafe"),
        ("permalink: 'https://old.example/2019/hello/index.html'", "name.md", "hello"),
        ("permalink: /:year/hello/", "name.md", "hello"),
        ("permalink: '/{{ title | slug }}/'", "name.md", "name"),
        ("permalink: /:categories/:title:output_ext", "name.md", "name"),
        ("permalink: 'http://[broken/x'", "name.md", "name"),
        ("url: /index.html", "name.md", "name"),
        ("link: 'https://old.example/hello'", "name.md", "hello"),
        ("title: x", "2020-02-29-caf%C3%A9.md", "cafe"),
        ("title: x", "posts/hello/index.html.md", "hello"),
        ("title: x", "hello.html.markdown", "hello"),
        ("title: x", "2020-02-29-jekyll-sass-converter-3.0-released.markdown", "jekyll-sass-converter-3-0-released"),
        ("title: x", "posts/2020-02-29-my-bundle/index.md", "my-bundle"),
        ("title: x", "Größe.md", "grosse"),
    ],
)
def test_where_the_slug_comes_from(header: str, name: str, slug: str) -> None:
    assert post(header, name=name).slug == slug


def test_a_post_without_a_title_is_called_after_its_file() -> None:
    assert post("layout: post", name="2020-02-29-hello_world.md").content.title == "Hello world"
    assert post("slug: x", name="你好-世界.md").content.title == "你好 世界"


MORE = "Above *this*.\n\n<!--more-->\n\nBelow.\n"


@pytest.mark.parametrize(
    ("header", "body", "excerpt"),
    [
        ("excerpt: E\nsummary: S\ndescription: D", MORE, "E"),
        ("summary: S\ndescription: D", "Text", "S"),
        # Hugo's order
        ("summary: S\ndescription: D", MORE, "Above this."),
        ("description: D", MORE, "D"),
        ("title: x", MORE, "Above this."),
        ("excerpt: ''\ndescription: D", "Text", "D"),
        ("excerpt: !ruby/object:Hpricot::Doc\n  options: {}", MORE, "Above this."),
        ("excerpt: {rendered: E}", MORE, "E"),
        ("custom_excerpt: E", MORE, "E"),
        ("excerpt: <p>An <b>excerpt</b> &amp; more</p>", MORE, "An excerpt & more"),
        ("description: '*args & 1 < 2'", MORE, "*args & 1 < 2"),
        ("description: <img src=x>", MORE, "Above this."),
        ("params: {summary: S}", "Text", "S"),
        ("title: x", "Above. <!-- more --> Below.", "Above."),
        ("title: x", "Above.\n<!--more Read on-->\nBelow.", "Above."),
        ("title: x", "Above.\n\n<!-- truncate -->\n\nBelow.", "Above."),
        ("title: x", "Above.\n\n{/* truncate */}\n\nBelow.", "Above."),
        ("title: x", "Above.\n\n<!-- PELICAN_END_SUMMARY -->\n\nBelow.", "Above."),
        ("title: x", "<!--more-->\n\nBelow.", None),
        ("title: x", "Write `<!--more-->` there.", None),
        ("title: x", "```html\n<!--more-->\n```\n", None),
        ("title: x", "    <!--more-->\n", None),
        ("title: x", "Text\n\n<!-- moreover -->\n", None),
    ],
)
def test_where_the_excerpt_comes_from(header: str, body: str, excerpt: str | None) -> None:
    assert post(header, body=body).content.excerpt == excerpt


def test_an_excerpt_that_is_too_long_is_cut() -> None:
    found = post("title: x", body=f"{'word ' * 300}\n\n<!--more-->\n")
    assert found.content.excerpt is not None
    assert len(found.content.excerpt) <= 1000
    assert found.notes == ("its excerpt was cut to 1,000 characters",)
