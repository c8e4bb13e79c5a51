"""From front matter to a post."""

from datetime import UTC, datetime

import pytest

from app.transfer.importing.fields import Author
from app.transfer.importing.front_matter import BadPost, NotAPost
from tests.support.posts import post


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


NOBODY = ("{}", "[]", "~", "true", "false", "[[], {}]", "{url: ''}", '"\\u200b"', "{name: {}, email: nonsense}")


@pytest.mark.parametrize(
    ("header", "authors"),
    [
        ("author: mattr-", [("mattr-", "mattr", None)]),
        ("author: oe", [("oe", "author-oe", None)]),
        ("author: {name: Ann Lee, email: Ann@Example.com}", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("author: Ann Lee <ann@example.com>", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("author: ann@example.com", [("ann", "ann", "ann@example.com")]),
        ("author: mailto:ann@example.com", [("ann", "ann", "ann@example.com")]),
        ("author: ann@example.com (Ann Lee)", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("author: Ann Lee (ann@example.com)", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("author: Ann Lee ann@example.com", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("author: 'Ann Lee [ann@example.com]'", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("author: '\"Ann Lee\" <ann@example.com>'", [("Ann Lee", "ann-lee", "ann@example.com")]),
        (
            "author: Ann Lee <ann@example.com>, Bob <bob@example.com>",
            [("Ann Lee", "ann-lee", "ann@example.com"), ("Bob", "bob", "bob@example.com")],
        ),
        (
            "author: ann@example.com; bob@example.com",
            [("ann", "ann", "ann@example.com"), ("bob", "bob", "bob@example.com")],
        ),
        ("author: Lee, Ann", [("Lee, Ann", "lee-ann", None)]),
        ("author: {name: Ann, email: nonsense}", [("Ann", "ann", None)]),
        ("authors: [Ann, {name: Bob}]", [("Ann", "ann", None), ("Bob", "bob", None)]),
        ("author: Ann\nauthors: [ANN, Bob]", [("Ann", "ann", None), ("Bob", "bob", None)]),
        (
            "author: Carol Nichols and David Wood",
            [("Carol Nichols and David Wood", "carol-nichols-and-david-wood", None)],
        ),
        ("author: ''", [("Somebody", "somebody", None)]),
        ("author: Ann\nauthors: [Bob, Ann]", [("Ann", "ann", None), ("Bob", "bob", None)]),
        (
            "author:\n  display_name: Ann Lee\n  login: al\n  email: ann@example.com\n  url: ''\nauthor_login: al",
            [("Ann Lee", "ann-lee", "ann@example.com")],
        ),
        ("author: {login: al, id: 7}", [("al", "author-al", None)]),
        ("author: {id: 7}", [("7", "author-7", None)]),
        ("author: {email: ann@example.com}", [("ann", "ann", "ann@example.com")]),
        ("author: {firstName: Ann, last_name: Lee}", [("Ann Lee", "ann-lee", None)]),
        ("author: {name: {first: Ann, last: Lee}}", [("Ann Lee", "ann-lee", None)]),
        ("author: {node: {name: Ann, email: a@b.example}}", [("Ann", "ann", "a@b.example")]),
        ("author: {Ann Lee: ann@example.com}", [("Ann Lee", "ann-lee", "ann@example.com")]),
        ("authors: {ann: {url: x}, bob: {}}", [("ann", "ann", None), ("bob", "bob", None)]),
        ("authors: {ann: {name: Ann Lee}, bob: }", [("Ann Lee", "ann-lee", None), ("bob", "bob", None)]),
        ("authors: [[Ann], {user: {login: bob}}]", [("Ann", "ann", None), ("bob", "bob", None)]),
        ("authors:\n- name: Ann\n  title: Boss\n- slorber", [("Ann", "ann", None), ("slorber", "slorber", None)]),
        ("params: {author: {name: Ann}}", [("Ann", "ann", None)]),
        (f"author: {'x' * 101}", [(f"{'x' * 99}…", f"{'x' * 33}-d0621f", None)]),
        ('author: "\\u202eAnn\\u202c"', [("Ann", "ann", None)]),
        *((f"author: {nobody}", [("Somebody", "somebody", None)]) for nobody in NOBODY),
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
    ("header", "reason"),
    [
        ("date: someday", "its date 'someday' cannot be read"),
        ("date: {a: b}", "its date cannot be read"),
        ("date: 01/02/2019", "its date '01/02/2019' cannot be read"),
    ],
)
def test_a_reason_for_what_the_blog_would_not_take(header: str, reason: str) -> None:
    assert refusal(header) == reason


def test_a_body_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadPost, match="its field body_markdown has more than 500,000 characters"):
        post("title: A", body="x" * 500_001)


@pytest.mark.parametrize(
    ("header", "title", "note"),
    [
        (f"title: {'word ' * 50}", f"{'word ' * 38}word…", "its title was cut to 200 characters"),
        ('title = "a\\u0000b"', "ab", "invisible marks were removed from its title"),
        ('title: "\\u202eabc\\u202c \\u2067d\\u2069"', "abc d", "invisible marks were removed from its title"),
        ('title: "a\\u0007b\\ud800"', "ab", "invisible marks were removed from its title"),
        ('title: "\\u200b"', "The name", "its title shows nothing and was left out"),
        ("title: [a]", "a", None),
        ("title: {rendered: a}", "a", None),
        ("title: {en: a}", "The name", "its title is not text and was left out"),
        ("title: !binary |\n  w6k=", "é", None),
        ("title:", "The name", None),
    ],
)
def test_titles_that_are_taken_as_far_as_they_can_be(header: str, title: str, note: str | None) -> None:
    found = post(header)
    assert (found.content.title, found.notes) == (title, (note,) if note else ())


MANY = [f"t{number}" for number in range(31)]


@pytest.mark.parametrize(
    ("header", "tags", "note"),
    [
        (f"tags: [{', '.join(MANY)}]", MANY[:30], "1 of its tags were left out: t30"),
        (f"tags: [{'x' * 101}]", [f"{'x' * 99}…"], "its tag was cut to 100 characters"),
        ("tags: {a: b, c: }", ["a", "c"], None),
        ("tags: !!set {a, b}", ["a", "b"], None),
        ("tags: [[a, b], [b, c]]", ["a", "b", "c"], None),
        ("tags:\n- {name: A b, slug: a-b}\n- label: C\n  permalink: /c", ["A b", "C"], None),
        ('tags: ["\\u200b", "\\u202ea"]', ["a"], "its tag shows nothing and was left out"),
        ("tags: [!binary w6k=, !ruby/sym b]", ["é", "b"], None),
        ("params: {tags: [a]}", ["a"], None),
    ],
)
def test_tags_that_are_taken_as_far_as_they_can_be(header: str, tags: list[str], note: str | None) -> None:
    found = post(header)
    assert (found.content.tags, found.notes) == (tags, (note,) if note else ())


@pytest.mark.parametrize(
    ("header", "category", "tags"),
    [
        ("categories: [[Diary, Games], [Diary, Music], [Life]]", "Diary", ["Games", "Music", "Life"]),
        ("categories:\n- title: News\n  slug: news\n  parent: {title: All}", "News", []),
        ("category: {name: News, slug: news}", "News", []),
        (f"category: {'x' * 101}", f"{'x' * 99}…", []),
        ("category: {}", None, []),
    ],
)
def test_nested_categories(header: str, category: str | None, tags: list[str]) -> None:
    found = post(header)
    assert (found.category, found.content.tags) == (category, tags)


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
