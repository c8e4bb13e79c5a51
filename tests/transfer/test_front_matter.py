"""Taking a file apart."""

import pytest

from app.transfer.importing.front_matter import BadPost, NotAPost, parse


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: A\n---\n\nBody\n",
        "---  \ntitle: A\n...\nBody\n",
        "\n\n---\ntitle: A\n---\nBody\n",
        "\n \t\n---\ntitle: A\n---\nBody\n",
        '+++\ntitle = "A"\n+++\nBody\n',
        "---\nTitle: A\n---\nBody\n",
    ],
)
def test_fields_and_body(text: str) -> None:
    assert parse(text) == ({"title": "A"}, "Body\n")


@pytest.mark.parametrize(
    "text",
    [
        # Pelican and MultiMarkdown
        "Title: A\nTags: one, two words\nDate: 2020-01-01 10:00\n\nBody\n",
        "title:  A\nDATE: 2020-01-01 10:00\ntags: one\n    two words\n\nBody\n",
        "Date:\t2020-01-01 10:00\nTags: one; two words\nTitle: A\n\n\nBody\n",
        # Hexo
        "title: A\ndate: 2020-01-01 10:00\ntags:\n- one\n- two words\n---\n\nBody\n",
        ';;;\n"title": "A", "date": "2020-01-01 10:00", "tags": ["one", "two words"]\n;;;\nBody\n',
        # Hugo
        '{\n"title": "A",\n"date": "2020-01-01 10:00", "tags": ["one", "two words"]\n}\n\nBody\n',
        # Eleventy
        '---json\n{"title": "A", "date": "2020-01-01 10:00", "tags": ["one", "two words"]}\n---\nBody\n',
        '---toml\ntitle = "A"\ndate = "2020-01-01 10:00"\ntags = ["one", "two words"]\n---\nBody\n',
        "--- yaml\ntitle: A\ndate: 2020-01-01 10:00\ntags: [one, two words]\n---\nBody\n",
        # Tabs, control characters and byte order marks where they do no harm elsewhere
        "---\ntitle:\tA\t\ndate: \t2020-01-01 10:00\n\t\ntags:\n-\tone\n- two\x08 words\n---\nBody\n",
        "\ufeff---\n\ufefftitle: A\ndate: 2020-01-01 10:00\ntags: [one, two words]\n---\nBody\n",
    ],
)
def test_the_forms_of_the_generators(text: str) -> None:
    assert parse(text) == ({"title": "A", "date": "2020-01-01 10:00", "tags": ["one", "two words"]}, "Body\n")


def test_a_field_of_a_line_may_contain_anything() -> None:
    fields, _ = parse("Title: A: b [c\nSummary: One\n    two\nAuthors: Lee, Ann; Bob\nCategory: x\nSlug:\n\n")
    assert fields == {"title": "A: b [c", "summary": "One\ntwo", "authors": ["Lee, Ann", "Bob"]} | {
        "category": "x",
        "slug": "",
    }


def test_tags_of_yaml_do_not_change_what_it_says() -> None:
    lines = [
        "a: !!timestamp 2020-01-01",
        "b: !!bool maybe",
        "c: !ruby/sym text",
        "d: !binary |\n  w6k=",
        "e: !!binary /w==",
        "f: !ruby/object:Hpricot::Doc\n  options: {}",
        "g: !!set {x, y}",
        "h: !!python/object/apply:os.system [ls]",
        "i: !<tag:example.org,2000:x> [!y z]",
        "j: !!null ''",
        "k: !!str [x]",
    ]
    fields, _ = parse("---\n" + "\n".join(lines) + "\n---\n")
    assert fields == {
        "a": "2020-01-01",
        "b": "maybe",
        "c": "text",
        "d": "é",
        "e": "",
        "f": {"options": {}},
        "g": {"x": None, "y": None},
        "h": ["ls"],
        "i": ["z"],
        "j": None,
        "k": ["x"],
    }


def test_what_yaml_would_make_something_else_of_stays_a_text() -> None:
    fields, _ = parse(
        "---\nversion: 1.10\ndate: 2013-05-06 02:12:52 +0200\nlang: no\ntags: [2020, ~]\nname: 'null'\nx: null\n---\n"
    )
    assert fields == {
        "version": "1.10",
        "date": "2013-05-06 02:12:52 +0200",
        "lang": "no",
        "tags": ["2020", None],
        "name": "null",
        "x": None,
    }


def test_a_rule_in_the_body_does_not_end_anything() -> None:
    assert parse("---\ntitle: A\n---\nOne\n\n---\n\nTwo\n")[1] == "One\n\n---\n\nTwo\n"


def test_front_matter_may_be_empty() -> None:
    assert parse("---\n---\nBody") == ({}, "Body")


NO_FIELDS = [
    "Note: this begins\nlike a field\n\nText\n",
    "Note: this too\n\nText\n",
    "From: a@example.com\nSubject: A mail\nDate: Sat, 05 Jan 2019 10:00:00 +0000\n\nText\n",
    "Title: Usage\nand more text\n\nText\n",
    "A title\n---\nText\n",
    "Note: a heading\n---\nText\n",
    "{{< youtube x >}}\n",
    '{"title": "A"',
    "https://example.com\n",
]


@pytest.mark.parametrize(
    "text", ["", "# Read me\n", "Just text\n---\ntitle: A\n---\n", "----\ntitle: A\n----\n", *NO_FIELDS]
)
def test_a_file_without_front_matter_is_no_post(text: str) -> None:
    with pytest.raises(NotAPost):
        parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\ntitle: A\n", "not closed by ---"),
        ("+++\ntitle = 'A'\n---\n", "not closed by +++"),
        ("---\ntitle: [A\n---\n", "not valid YAML"),
        ("---\ntitle: A\ndate: a: b\n---\n", "not valid YAML: mapping values are not allowed here (line 3)"),
        ("---\n[a]: b\n---\n", "not valid YAML"),
        (f"+++\nx = {'9' * 5_000}\n+++\n", "not valid TOML"),
        ("---\n- a\n- b\n---\n", "not a mapping"),
        ("---\nA text\n---\n", "not a mapping"),
        ("+++\ntitle = A\n+++\n", "not valid TOML"),
        ("---json\n{title: A}\n---\n", "not valid JSON"),
        (';;;\n"title": "A"\n---\n', "not closed by ;;;"),
        (f'---json\n{{"x": {"[" * 5_000}}}\n---\n', "nested too deeply"),
        ("+++\ntitle = 'A'\ntitle = 'B'\n+++\n", "not valid TOML"),
        (f"---\nx: {'[' * 5_000}\n---\n", "nested too deeply"),
        (f"+++\nx = {'[' * 5_000}\n+++\n", "nested too deeply"),
        (f"+++\nx = '{'y' * 33_000}'\n+++\n", "longer than 32,768"),
    ],
)
def test_a_reason_for_what_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(BadPost) as raised:
        parse(text)
    assert reason in str(raised.value)


def test_a_few_lines_cannot_stand_for_billions() -> None:
    lines = ["a0: &a0 {x: y}"] + [
        f"a{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 20)}]}}" for number in range(1, 20)
    ]
    fields, _ = parse("---\n" + "\n".join(lines) + "\n---\n")
    assert fields["a0"] == {"x": "y"}


@pytest.mark.parametrize(
    "given",
    [
        "defaults: &d {draft: true, layout: post}\n<<: *d",
        "one: &one {draft: true}\nother: &other {draft: false, layout: post}\n<<: [*one, *other]",
        "deep: &deep {draft: true}\nd: &d {<<: *deep, layout: post}\n<<: *d",
    ],
)
def test_merged_fields_count_unless_a_post_has_its_own(given: str) -> None:
    fields, _ = parse(f"---\n{given}\ntitle: A\n---\n")
    assert (fields["draft"], fields["layout"]) == ("true", "post")

    own, _ = parse(f"---\n{given}\ntitle: A\ndraft: 'no'\n---\n")
    assert own["draft"] == "no"


def test_what_exporters_add_may_be_long() -> None:
    comments = "comments:\n" + "- id: 1\n  content: >\n    Text: text\n\n    more\n" * 1_000
    text = f"---\ntitle: A\n{comments}date: 2020-01-01\nmeta: {{x: {'y' * 10_000}}}\ntags:\n- a\n- b\n---\nBody\n"
    fields, body = parse(text)
    assert fields.keys() == {"title", "date", "meta", "tags"}
    assert (fields["date"], fields["tags"], body) == ("2020-01-01", ["a", "b"], "Body\n")


@pytest.mark.parametrize("name", ["title", "draft", "post_status", "expiryDate", "author_email"])
def test_what_decides_about_a_post_is_not_left_out(name: str) -> None:
    with pytest.raises(BadPost, match="longer than"):
        parse(f"---\n{name}: {'x ' * 20_000}\n---\n")
