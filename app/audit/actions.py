"""The actions that the audit log knows. A domain declares its own in its `audit_actions.py`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.roles import Role

# A noun and a verb; it fits into the column.
_NAME = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
_MAX_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Action:
    """What can be recorded. `former_names` are those that older events have, which cannot be edited."""

    name: str
    meaning: str
    former_names: tuple[str, ...] = ()
    # Whoever has done it and is no longer in this role does not get the details: they name what only such people see.
    details_for: Role = Role.READER


_declared: dict[str, Action] = {}


def action(name: str, meaning: str, *, formerly: tuple[str, ...] = (), details_for: Role = Role.READER) -> Action:
    """Declare an action, such as `login.failed`, and what it means in a sentence. Its name never changes."""
    if len(name) > _MAX_LENGTH or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a noun and a verb with a dot between them")
    if name in _declared:
        raise ValueError(f"the action {name} is declared twice")
    _declared[name] = Action(name, meaning, formerly, details_for)
    return _declared[name]


def declared_actions() -> Sequence[Action]:
    """All actions of the domains that have been imported, by name."""
    return sorted(_declared.values(), key=lambda each: each.name)


def is_declared(each: object) -> bool:
    return isinstance(each, Action) and _declared.get(each.name) is each


def recorded_names(wanted: str) -> list[str]:
    """The names with which an action, or all that start with a prefix ending in a dot, are or were recorded."""
    return [name for each in declared_actions() if _is_meant(wanted, each) for name in (each.name, *each.former_names)]


def role_for_details(recorded_name: str) -> Role:
    """The role that it takes to see the details of what was recorded under this name."""
    named = (each for each in _declared.values() if recorded_name in (each.name, *each.former_names))
    return next((each.details_for for each in named), Role.ADMIN)


def _is_meant(wanted: str, each: Action) -> bool:
    names = (each.name, *each.former_names)
    return any(name.startswith(wanted) for name in names) if wanted.endswith(".") else wanted in names
