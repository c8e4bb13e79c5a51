"""From front matter to a post."""

from datetime import UTC, datetime
from pathlib import PurePath

import pytest

from app.transfer.importing.fields import Author
from app.transfer.importing.front_matter import BadPost, NotAPost
from app.transfer.importing.posts import Post, read_post

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def post(header: str, *, name: str = "2020-02-29-the-name.md", body: str = "Text\n", now: datetime = NOW) -> Post:
    delimiter = "+++" if " = " in header else "---"
    text = f"{delimiter}\n{header}\n{delimiter}\n{body}"
    return read_post(PurePath("/blog", name), text, now=now, author=Author("Somebody"))


def refusal(header: str, name: str = "x.md") -> str:
    with pytest.raises(BadPost) as raised:
        post(header, name=name)
    return str(raised.value)


def test_a_post_of_jekylls() -> None:
    found = post(
        'title: "Jekyll 1.0.0 Released"\ndate: "2013-05-06 02:12:52 +0200"\nauthor: parkr\nversion: 1.0.0\n'
        "category: release\ndescription: >\n  Two\n  lines\nlayout: post",
        name="2013-05-06-jekyll-1-0-0-released.markdown",
    )
    assert found.content.title == "Jekyll 1.0.0 Released"
    assert found.published_at == datetime(2013, 5, 6, 0, 12, 52, tzinfo=UTC)
    assert found.author == Author("parkr")
    assert (found.category, found.content.category) == ("release", "release")
    assert found.slug == "jekyll-1-0-0-released"
    assert found.content.excerpt == "Two lines"
    assert found.content.status == "published"
    assert found.content.body_markdown == "Text\n"
    assert found.notes == ()


def test_a_post_of_zolas() -> None:
    found = post(
        'path = "inside-rust/2020/07/27/Rust-1.45.1"\ntitle = "A"\nauthors = ["Ann", "Bob"]\n'
        '[taxonomies]\ntags = ["One", "Two"]\ncategories = ["News"]\n[extra]\nteam = "x"',
        name="some-file@4.md",
    )
    assert found.slug == "rust-1-45-1"
    assert found.published_at == datetime(2020, 7, 27, tzinfo=UTC)
    assert found.author == Author("Ann")
    assert found.notes == ("also by Bob",)
    assert found.content.tags == ["One", "Two"]
    assert found.category == "News"


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
        ("title: x", "2020-02-29-jekyll-sass-converter-3.0-released.markdown", "jekyll-sass-converter-3-0-released"),
        ("title: x", "posts/2020-02-29-my-bundle/index.md", "my-bundle"),
        ("title: x", "Größe.md", "grosse"),
    ],
)
def test_where_the_slug_comes_from(header: str, name: str, slug: str) -> None:
    assert post(header, name=name).slug == slug


def test_a_post_without_a_title_is_called_after_its_slug() -> None:
    assert post("layout: post", name="2020-02-29-hello-world.md").content.title == "Hello world"


@pytest.mark.parametrize(
    ("header", "tags", "category"),
    [
        ("tags: one two", ["one", "two"], None),
        ("tags: one, two words,", ["one", "two words"], None),
        ("tags: [One, one, ONE, Two, '', ~]", ["One", "Two"], None),
        ("tag: two words", ["two words"], None),
        ("tags:\n- 2020\n- no", ["2020", "no"], None),
        ("tags: []\ncategories: []", [], None),
        ("category: open source", [], "open source"),
        ("categories: team community", ["community"], "team"),
        ("categories: [team, community]\ntags: [x, Community]", ["x", "Community"], "team"),
    ],
)
def test_tags_and_categories(header: str, tags: list[str], category: str | None) -> None:
    found = post(header)
    assert (found.content.tags, found.category) == (tags, category)


@pytest.mark.parametrize(
    ("header", "authors"),
    [
        ("author: mattr-", [("mattr-", "mattr", None)]),
        ("author: oe", [("oe", "author-oe", None)]),
        ("author: {name: Ann Lee, email: Ann@Example.com}", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("author: Ann Lee <ann@example.com>", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("author: ann@example.com", [("ann", "ann", "ann@example.com")]),
        ("author: {name: Ann, email: nonsense}", [("Ann", "ann", None)]),
        ("authors: [Ann, {name: Bob}]", [("Ann", "ann", None), ("Bob", "bob", None)]),
        ("author: Ann\nauthors: [ANN, Bob]", [("Ann", "ann", None), ("Bob", "bob", None)]),
        (
            "author: Carol Nichols and David Wood",
            [("Carol Nichols and David Wood", "carol-nichols-and-david-wood", None)],
        ),
        ("author: ''", [("Somebody", "somebody", None)]),
    ],
)
def test_authors(header: str, authors: list[tuple[str, str, str | None]]) -> None:
    found = post(header)
    assert (found.author.name, found.author.username, found.author.email) == authors[0]
    also = f"also by {', '.join(name for name, *_ in authors[1:])}"
    assert found.notes == ((also,) if authors[1:] else ())


def test_long_names_that_begin_alike_get_different_usernames() -> None:
    names = [f"{'Very Long Name ' * 4}{last}" for last in ("One", "Two")]
    usernames = {Author(name).username for name in names}
    assert len(usernames) == 2
    assert max(len(username) for username in usernames) <= 40


@pytest.mark.parametrize(
    ("header", "name", "note"),
    [
        ("draft: true", "2020-02-29-x.md", "a draft"),
        ("draft: yes", "2020-02-29-x.md", "a draft"),
        ("published: false", "2020-02-29-x.md", "a draft"),
        ("title: x", "_drafts/2020-02-29-x.md", "a draft"),
        ("title: x", "x.md", "a draft, because it has no date"),
        ("date: 2026-01-02", "x.md", "a draft, because its date is in the future"),
    ],
)
def test_drafts_keep_their_date(header: str, name: str, note: str) -> None:
    found = post(header, name=name)
    assert found.content.status == "draft"
    assert found.notes == (note,)
    assert (found.published_at is None) == ("no date" in note)


@pytest.mark.parametrize("header", ["draft: false", "published: true", "published: 2020-01-01", "draft:"])
def test_what_does_not_make_it_a_draft(header: str) -> None:
    assert post(header).content.status == "published"


@pytest.mark.parametrize(("given", "language"), [("lang: pt_BR", "pt-BR"), ("language: de", "de"), ("title: x", "en")])
def test_languages(given: str, language: str) -> None:
    assert post(given).content.language == language


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (f"title: {'x' * 201}", "its field title has more than 200 characters"),
        (f"tags: [{', '.join(f't{number}' for number in range(31))}]", "its field tags has more than 30 entries"),
        (f"tags: [{'x' * 101}]", "its field tags 0 has more than 100 characters"),
        (f"category: {'x' * 101}", "its field category has more than 100 characters"),
        (f"author: {'x' * 101}", "its field author has more than 100 characters"),
        (f"description: {'x' * 1001}", "its field excerpt has more than 1,000 characters"),
        ('title = "a\\u0000b"', "its field title contains characters that are not allowed"),
        ('author = "a\\u0000b"', "its field author contains characters that are not allowed"),
        ("title: [a]", "its title is not text"),
        ("author: {email: a@example.com}", "it has an author without a name"),
        ("tags: {a: b}", "its tags is not text"),
        ("date: someday", "its date 'someday' cannot be read"),
        ("lang: klingon!", "its field language contains characters that are not allowed"),
    ],
)
def test_a_reason_for_what_the_blog_would_not_take(header: str, reason: str) -> None:
    assert refusal(header) == reason


def test_a_sections_page_is_no_post() -> None:
    with pytest.raises(NotAPost, match="section"):
        post("title: Blog", name="_index.md")


def test_the_digest_changes_with_the_post_and_with_nothing_else() -> None:
    header = "title: A\ndate: 2020-01-01 12:00 +0100\nauthor: Ann"
    same = post("author: Ann\ntitle: A\nlayout: other\ndate: 2020-01-01 11:00")
    others = [
        post(f"{header}\ntags: [x]"),
        post(f"{header}\ncategory: x"),
        post(f"{header}\nslug: y"),
        post(header, body="Other\n"),
        post(header.replace("Ann", "Bob")),
        post(header.replace("12:00", "12:01")),
        post(header, now=datetime(2019, 1, 1, tzinfo=UTC)),
    ]
    assert post(header).digest == same.digest
    assert post(f"{header}\ndraft: true").digest == others[-1].digest
    assert len({same.digest, *(other.digest for other in others)}) == len(others) + 1


@pytest.mark.parametrize("field", ["title", "date", "author", "tags", "draft", "published", "slug", "lang"])
def test_aliases_are_not_spelled_out(field: str) -> None:
    lists = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 20)}]" for n in range(1, 15)]
    header = "\n".join(["a0: &a0 [x]", *lists, f"{field}: *a14"])
    reason = ""
    try:
        post(header)
    except BadPost as error:
        reason = str(error)
    assert len(reason) < 100
