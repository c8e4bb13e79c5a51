"""Fields are compared and merged one by one, and tags each by itself."""

from dataclasses import replace

import pytest

from app.content.comparing.fields import FieldChange, FieldConflict, Fields, field_changes, merged_fields

pytestmark = pytest.mark.one_database

BASE = Fields(
    title="A week in Lisbon",
    slug="a-week-in-lisbon",
    excerpt=None,
    language="en",
    cover_image_url=None,
    category="travel",
    tags=("Slow travel", "Portugal"),
    kind="article",
    visibility="public",
)


def test_nothing_has_changed() -> None:
    changes = field_changes(BASE, replace(BASE, tags=("portugal", "Slow  Travel")))
    assert (changes.fields, changes.tags_added, changes.tags_removed, changes.names) == ((), (), (), ())


def test_what_has_changed() -> None:
    changes = field_changes(BASE, replace(BASE, title="Lisbon", category=None, tags=("Portugal", "Food")))
    assert changes.fields == (
        FieldChange("title", "A week in Lisbon", "Lisbon"),
        FieldChange("category", "travel", None),
    )
    assert (changes.tags_added, changes.tags_removed) == (("Food",), ("Slow travel",))
    assert changes.names == ("title", "category", "tags")


def test_either_side_is_taken_where_only_it_has_changed_something() -> None:
    mine = replace(BASE, title="Lisbon", excerpt="Short.", language="pt", tags=("Portugal", "Food", "sea"))
    theirs = replace(BASE, slug="lisbon", category=None, language="pt", tags=("Slow travel", "Sea", "Portugal"))
    merge = merged_fields(BASE, mine, theirs)
    assert merge.conflicts == ()
    assert merge.merged == replace(
        BASE,
        title="Lisbon",
        slug="lisbon",
        excerpt="Short.",
        language="pt",
        category=None,
        tags=("Sea", "Portugal", "Food"),
    )


def test_both_have_changed_the_same_field() -> None:
    mine, theirs = replace(BASE, category="food", title="Mine"), replace(BASE, category=None, title="Theirs")
    merge = merged_fields(BASE, mine, theirs)
    assert merge.conflicts == (
        FieldConflict("title", "A week in Lisbon", "Mine", "Theirs"),
        FieldConflict("category", "travel", "food", None),
    )
    assert merge.merged == theirs


def test_without_a_base() -> None:
    mine, theirs = replace(BASE, excerpt="Short.", tags=("Food",)), BASE
    merge = merged_fields(None, mine, theirs)
    assert merge.conflicts == (FieldConflict("excerpt", None, "Short.", None),)
    assert merge.merged.tags == ("Slow travel", "Portugal", "Food")


@pytest.mark.parametrize("other", [BASE, replace(BASE, title="Other", cover_image_url="https://x.example/", tags=())])
def test_one_side_alone(other: Fields) -> None:
    for mine, theirs in ((other, BASE), (BASE, other), (other, other)):
        merge = merged_fields(BASE, mine, theirs)
        assert (merge.merged, merge.conflicts) == (other, ())
