"""What lies around a post can withhold it, too."""

from pathlib import Path

import pytest

from app.transfer.importing.fields import Author
from app.transfer.importing.files import files_in
from app.transfer.importing.front_matter import NotAPost
from app.transfer.importing.posts import read_post
from tests.support.posts import NOW


def notes_of(root: Path, path: str, files: dict[str, str], header: str = "date: 2020-01-01") -> tuple[str, ...]:
    """The notes about a post, with these other files in the same blog."""
    text = f"---\n{header}\n---\n"
    for name, content in {**files, path: text}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return read_post(root / path, text, now=NOW, author=Author("Somebody")).notes


HIDDEN = "a draft, because its build option render is never"


@pytest.mark.parametrize(
    ("section", "note"),
    [
        ("---\ncascade:\n  build: {render: never}\n---\n", HIDDEN),
        ("---\ncascade:\n- _build:\n    render: never\n  _target: {kind: page}\n---\n", HIDDEN),
        ("+++\n[[cascade]]\n[cascade.build]\nrender = 'never'\n[cascade.target]\npath = '/posts/**'\n+++\n", HIDDEN),
        ("---\ncascade:\n- build: {render: never}\n  target: {path: '{/a/**,/posts/**}'}\n---\n", HIDDEN),
        ("---\ncascade:\n- build: {render: never}\n  target: {path: /other/**}\n---\n", None),
        ("---\ncascade:\n- build: {render: never}\n  target: {kind: section}\n---\n", None),
        ("---\ncascade: {draft: true}\n---\n", "a draft"),
        ("---\ncascade: {params: {private: true}}\n---\n", "a draft, because private is set"),
        ("---\ncascade: 7\n---\n", None),
        ("+++\ndraft = true\n+++\n", "a draft, because its section is a draft"),
        ("---\ndraft: false\nbuild: {render: never}\n---\n", None),
        ("no front matter", None),
        ("---\ntitle: [\n---\n", None),
    ],
)
@pytest.mark.parametrize(
    "place", ["content/_index.md", "content/posts/_index.md", "content/posts/_index.de.md", "content/_index.markdown"]
)
def test_sections_and_their_cascades(tmp_path: Path, place: str, section: str, note: str | None) -> None:
    assert notes_of(tmp_path, "content/posts/deep/a.md", {place: section}) == ((note,) if note else ())


def test_a_post_overrides_a_cascade_but_not_a_draft_of_its_section(tmp_path: Path) -> None:
    header = "date: 2020-01-01\ndraft: false\nbuild: {render: always}"
    cascade = {"content/_index.md": "---\ncascade: {draft: true, build: {render: never}}\n---\n"}
    assert notes_of(tmp_path, "content/a.md", cascade, header) == ()
    draft = {"content/_index.md": "---\ndraft: true\n---\n"}
    assert notes_of(tmp_path, "content/a.md", draft, header) == ("a draft, because its section is a draft",)


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("posts/posts.json", '{"draft": true}', "a draft"),
        ("posts/posts.11tydata.json", '{"permalink": false}', "a draft, because permalink is false"),
        ("posts/a.11tydata.json", '{"eleventyExcludeFromCollections": true}', "a draft, because eleventyExclude"),
        ("posts/posts.json", '{"permalink": "/x/"}', None),
        ("posts/posts.json", "[1]", None),
        ("posts/posts.json", "{", None),
        ("posts/other.json", '{"draft": true}', None),
    ],
)
def test_data_of_directories(tmp_path: Path, name: str, content: str, note: str | None) -> None:
    found = notes_of(tmp_path, "posts/a.md", {name: content})
    assert len(found) == (note is not None)
    assert all(each.startswith(note or "") for each in found)


@pytest.mark.parametrize(
    ("path", "files", "is_withheld"),
    [
        ("content/trip/notes.md", ["hugo.toml", "content/trip/index.md"], True),
        ("content/trip/days/one.md", ["config.toml", "content/trip/index.md"], True),
        ("content/trip/index.fr.md", ["hugo.toml", "content/trip/index.md"], False),
        ("content/trip/notes.md", ["hugo.toml", "content/trip/_index.md"], False),
        ("content/notes.md", ["hugo.toml", "content/index.md"], False),
        ("content/trip/notes.md", ["content/trip/index.md"], False),
        ("blog/trip/notes.md", ["hugo.toml", "blog/trip/index.md"], False),
    ],
)
def test_what_lies_beside_the_page_of_a_bundle(tmp_path: Path, path: str, files: list[str], is_withheld: bool) -> None:
    notes = notes_of(tmp_path, path, dict.fromkeys(files, ""))
    assert notes == (("a draft, because it belongs to the page of its folder",) if is_withheld else ())


@pytest.mark.parametrize("path", ["archetypes/default.md", "scaffolds/post.md"])
def test_what_new_posts_are_made_from_is_no_post(tmp_path: Path, path: str) -> None:
    with pytest.raises(NotAPost, match="template"):
        notes_of(tmp_path, path, {}, "title: {{ title }}\ndate: {{ .Date }}")
    assert notes_of(tmp_path, path, {}) == ()
    assert notes_of(tmp_path, f"content/{path}", {}, "date: 2020-01-01\ntitle: '{{ x }}'") == ()


def test_posts_of_packages_and_themes_are_not_imported(tmp_path: Path) -> None:
    for name in ("a.md", "node_modules/x/readme.md", "themes/y/exampleSite/content/b.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("---\ntitle: A\n---\n", encoding="utf-8")
    assert [file.display_path for file in files_in([tmp_path])] == ["a.md"]
    assert len(files_in([tmp_path / "themes" / "y" / "exampleSite"])) == 1
