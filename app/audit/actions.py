"""The actions that the audit log knows. A domain declares its own in its `audit_actions.py`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A noun and a verb; it fits into the column.
_NAME = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
_MAX_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Action:
    """What can be recorded. `former_names` are those that older events have, which cannot be edited."""

    name: str
    meaning: str
    former_names: tuple[str, ...] = ()


_declared: dict[str, Action] = {}


def action(name: str, meaning: str, *, formerly: tuple[str, ...] = ()) -> Action:
    """Declare an action, such as `login.failed`, and what it means in a sentence. Its name never changes."""
    if len(name) > _MAX_LENGTH or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a noun and a verb with a dot between them")
    if name in _declared:
        raise ValueError(f"the action {name} is declared twice")
    _declared[name] = Action(name, meaning, formerly)
    return _declared[name]


def declared_actions() -> Sequence[Action]:
    """All actions of the domains that have been imported, by name."""
    return sorted(_declared.values(), key=lambda each: each.name)


def is_declared(each: object) -> bool:
    return isinstance(each, Action) and _declared.get(each.name) is each


def recorded_names(wanted: str) -> list[str]:
    """The names with which an action, or all that start with a prefix ending in a dot, are or were recorded."""
    return [name for each in declared_actions() if _is_meant(wanted, each) for name in (each.name, *each.former_names)]


def _is_meant(wanted: str, each: Action) -> bool:
    names = (each.name, *each.former_names)
    return any(name.startswith(wanted) for name in names) if wanted.endswith(".") else wanted in names
