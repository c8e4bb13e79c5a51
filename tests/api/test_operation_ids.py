"""Operation ids are an interface: generated clients have a method for each, named after it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

# A file for each resource.
LISTS = Path(__file__).with_name("operation_ids")

pytestmark = pytest.mark.one_database


def operations(app: FastAPI) -> Iterator[tuple[str, str]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], f"{method.upper()} {path}"


async def test_every_operation_id_is_a_name_for_a_method_of_its_own(shared_app: FastAPI) -> None:
    ids = [operation_id for operation_id, _ in operations(shared_app)]

    unfit = [operation_id for operation_id in ids if not re.fullmatch("[a-z]+(_[a-z]+)*", operation_id)]
    assert unfit == [], "rename the functions of these routes"
    shared = sorted({operation_id for operation_id in ids if ids.count(operation_id) > 1})
    assert shared == [], "two routes have a function of this name: rename one of them"


async def test_no_operation_id_changes_by_accident(shared_app: FastAPI) -> None:
    there = {f"{operation_id}: {route}" for operation_id, route in operations(shared_app)}
    listed = {line for file in LISTS.glob("*.txt") for line in file.read_text(encoding="utf-8").splitlines()}

    gone, new = sorted(listed - there), sorted(there - listed)
    assert not gone, (
        f"methods of generated clients would be gone or call something else: {gone}, instead of which there is {new}. "
        f"Name the routes' functions as before, or change the list in {LISTS.name}/ and say so in CHANGELOG.md."
    )
    assert not new, (
        f"add these lines to the resource's file in {LISTS.name}/: from now on their names are an interface: {new}"
    )
