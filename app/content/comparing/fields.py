"""What an article consists of besides its text, at one time: what two of these differ in, and how three are merged."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from app.core.names import name_key


@dataclass(frozen=True)
class Fields:
    """The fields of an article, a draft or a revision, as clients send them."""

    title: str
    slug: str
    excerpt: str | None
    language: str
    cover_image_url: str | None
    category: str | None
    tags: tuple[str, ...]
    kind: str
    visibility: str


_SCALARS = [each.name for each in fields(Fields) if each.name != "tags"]


@dataclass(frozen=True)
class FieldChange:
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class FieldChanges:
    fields: tuple[FieldChange, ...]
    tags_added: tuple[str, ...]
    tags_removed: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields that have changed."""
        return (*(change.field for change in self.fields), *(["tags"] if self.tags_added or self.tags_removed else []))


def field_changes(old: Fields, new: Fields) -> FieldChanges:
    """What has changed. Tags are one if their name keys are; their order means nothing."""
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in _SCALARS]
    return FieldChanges(
        fields=tuple(FieldChange(*pair) for pair in pairs if pair[1] != pair[2]),
        tags_added=_without(new.tags, old.tags),
        tags_removed=_without(old.tags, new.tags),
    )


@dataclass(frozen=True)
class FieldConflict:
    """A field that both sides have changed to something else. Without a known base, `base` is `None`."""

    field: str
    base: str | None
    mine: str | None
    theirs: str | None


@dataclass(frozen=True)
class FieldMerge:
    """The merged fields; one that is in a conflict has their value until somebody decides."""

    merged: Fields
    conflicts: tuple[FieldConflict, ...]


def merged_fields(base: Fields | None, mine: Fields, theirs: Fields) -> FieldMerge:
    """Merge two versions field by field. Without the base that both began with, every difference is a conflict.

    Tags are merged one by one and are never in conflict; without a base, all tags of both sides stay.
    """
    merged: dict[str, str | None] = {}
    conflicts: list[FieldConflict] = []
    for change in field_changes(theirs, mine).fields:
        original = getattr(base, change.field) if base else None
        if base and original == change.old:
            merged[change.field] = change.new
        elif not base or original != change.new:
            conflicts.append(FieldConflict(change.field, original, mine=change.new, theirs=change.old))
    tags = _merged_tags(base.tags if base else (), mine.tags, theirs.tags)
    return FieldMerge(replace(theirs, **merged, tags=tags), tuple(conflicts))  # type: ignore[arg-type]


def _merged_tags(base: tuple[str, ...], mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    kept = _without(theirs, _without(base, mine))
    return (*kept, *_without(_without(mine, base), kept))


def _without(names: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    keys = {name_key(name) for name in others}
    return tuple(name for name in names if name_key(name) not in keys)
