"""Taking a file apart."""

import pytest

from app.transfer.importing.front_matter import BadPost, NotAPost, parse


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: A\n---\n\nBody\n",
        "---  \ntitle: A\n...\nBody\n",
        "\n\n---\ntitle: A\n---\nBody\n",
        '+++\ntitle = "A"\n+++\nBody\n',
        "---\nTitle: A\n---\nBody\n",
    ],
)
def test_fields_and_body(text: str) -> None:
    assert parse(text) == ({"title": "A"}, "Body\n")


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


@pytest.mark.parametrize("text", ["", "# Read me\n", "Just text\n---\ntitle: A\n---\n", "----\ntitle: A\n----\n"])
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
        ("---\ntitle: \x1b\n---\n", "not valid YAML"),
        ("---\ntitle: !!python/object/apply:os.system [ls]\n---\n", "not valid YAML"),
        ("---\nx: !!bool maybe\n---\n", "not valid YAML"),
        ("---\nx: !!timestamp maybe\n---\n", "not valid YAML"),
        ("---\n[a]: b\n---\n", "not valid YAML"),
        (f"+++\nx = {'9' * 5_000}\n+++\n", "not valid TOML"),
        ("---\n- a\n- b\n---\n", "not a mapping"),
        ("---\nA text\n---\n", "not a mapping"),
        ("+++\ntitle = A\n+++\n", "not valid TOML"),
        ("+++\ntitle = 'A'\ntitle = 'B'\n+++\n", "not valid TOML"),
        (f"---\nx: {'[' * 5_000}\n---\n", "nested too deeply"),
        (f"+++\nx = {'[' * 5_000}\n+++\n", "nested too deeply"),
        (f"---\nx: {'y' * 33_000}\n---\n", "longer than 32,768"),
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
