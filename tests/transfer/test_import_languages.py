"""In which language a post is: by its fields, its file's name, its folder."""

from pathlib import Path

import pytest

from app.transfer.importing.front_matter import NotAPost
from app.transfer.importing.places import place_of
from tests.support.blogs import write_post
from tests.support.posts import post


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("lang: pt_BR", "pt-BR"),
        ("lang: pt-br", "pt-BR"),
        ("lang: zh-hant-tw", "zh-Hant-TW"),
        ("language: de", "de"),
        ("locale: de_AT.UTF-8", "de-AT"),
        ("lang: English", "en"),
        ("lang: deutsch", "de"),
        ("lang: Français", "fr"),
        ("lang: 日本語", "ja"),
        ("lang: Portuguese (Brazil)", "pt"),
        ("lang: eng", "en"),
        ("lang: jp", "ja"),
        ("lang: iw", "he"),
        ("lang: cmn-Hans", "zh-Hans"),
        ("lang: no", "no"),
        ("lang: yue", "yue"),
        ("lang: [fr, en]", "fr"),
        ("params: {lang: fr}", "fr"),
        ("title: x", "da"),
    ],
)
def test_languages_of_fields(header: str, language: str) -> None:
    found = post(header, language="da")
    assert (found.content.language, found.notes) == (language, ())


@pytest.mark.parametrize("given", ["klingon!", "xx", "the one I speak", "e", "x" * 100])
def test_a_language_that_is_not_known_is_the_default(given: str) -> None:
    found = post(f"lang: {given}", language="da")
    assert found.content.language == "da"
    assert found.notes == (f"its language {given[:40]!r} is not known",)


@pytest.mark.parametrize(
    ("path", "language", "slug"),
    [
        ("2020-01-01-trip/index.fr.md", "fr", "trip"),
        ("trip/index.it.md", "it", "trip"),
        ("post.fr.md", "fr", "post"),
        ("2020-01-01-post.pt-br.md", "pt-BR", "post"),
        ("post.zh-Hant.md", "zh-Hant", "post"),
        ("post.zh_CN.markdown", "zh-CN", "post"),
        ("content/de/post.md", "de", "post"),
        ("content/de/blog/2020-01-01-post/index.md", "de", "post"),
        ("content.de/post.md", "de", "post"),
        ("i18n/pt-BR/docusaurus-plugin-content-blog/post.md", "pt-BR", "post"),
        ("content/de/post.fr.md", "fr", "post"),
        # These are names.
        ("v2.0.md", None, "v2-0"),
        ("about.me.md", None, "about-me"),
        ("node.js.md", None, "node-js"),
        ("socket.io.md", None, "socket-io"),
        ("main.cs.md", None, "main-cs"),
        ("deploy.sh.md", None, "deploy-sh"),
        ("asp.net.md", None, "asp-net"),
        ("jquery.min.md", None, "jquery-min"),
        ("what.is-it.md", None, "what-is-it"),
        ("it.md", None, "it"),
        (".fr.md", None, "fr"),
        ("posts/it/post.md", None, "post"),
        ("content/ml/post.md", None, "post"),
        ("content/js/post.md", None, "post"),
        ("posts/uk/post.md", None, "post"),
    ],
)
def test_languages_of_paths(path: str, language: str | None, slug: str) -> None:
    found = post("date: 2020-01-01", name=path, language="da")
    assert (found.content.language, found.slug) == (language or "da", slug)
    assert found.is_translation is (language is not None)


def test_a_field_says_more_than_the_path() -> None:
    assert post("lang: es", name="content/de/post.fr.md").content.language == "es"


@pytest.mark.parametrize(
    ("path", "beside", "language"),
    [
        ("post.it.md", "post.md", "it"),
        ("post.it.md", "post.en.markdown", "it"),
        ("post.it.md", "post.js.md", None),
        ("post.it.md", "other.md", None),
        ("posts/it/a.md", "posts/en/b.md", "it"),
        ("posts/it/a.md", "posts/go/b.md", None),
        ("posts/ml/a.md", "posts/cs/b.md", None),
        ("fr/_posts/a.md", "_posts/b.md", "fr"),
        ("posts/fr/a.md", "posts/a.md", "fr"),
        ("posts/fr/a.md", "posts/b.md", None),
    ],
)
def test_what_lies_beside_a_file_decides_what_a_name_means(
    tmp_path: Path, path: str, beside: str, language: str | None
) -> None:
    write_post(tmp_path / beside)
    assert place_of(write_post(tmp_path / path)).language == language


@pytest.mark.parametrize("name", ["_index.md", "_index.fr.md", "_index.pt-br.md", "content/de/_index.md"])
def test_a_sections_page_is_no_post(name: str) -> None:
    with pytest.raises(NotAPost, match="section"):
        post("title: Blog", name=name)


def test_pelican_says_what_is_a_translation() -> None:
    assert post("lang: fr\ntranslation: true").is_translation
    assert not post("lang: fr\ntranslation: false").is_translation
