"""What the OpenAPI document has to say of each operation and schema, for people and for generators of clients."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.api.examples import Examples, NoExample, contents

pytestmark = pytest.mark.one_database

REFERENCES = "#/components/schemas/"


@pytest.fixture
async def document(shared_app: FastAPI) -> dict[str, Any]:
    return shared_app.openapi()


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def parts_of(schema: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema itself and all within it that declare examples, each with its place."""
    if isinstance(schema, dict):
        if isinstance(schema.get("examples"), list):
            yield where, schema
        for name, part in schema.items():
            yield from parts_of(part, f"{where}.{name}" if name != "properties" else where)
    elif isinstance(schema, list):
        for part in schema:
            yield from parts_of(part, where)


def errors_in(example: Any, schema: dict[str, Any], document: dict[str, Any]) -> list[str]:
    rules = {**schema, "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(rules, validate_formats=True)
    return [error.message for error in validator.iter_errors(example)]


async def test_every_operation_is_described(document: dict[str, Any]) -> None:
    bare = [found["operationId"] for found in operations(document) if not found.get("description")]

    assert bare == [], "give the functions of these routes a docstring that says what a client gets"
    assert all(found["summary"] for found in operations(document))


async def test_every_operation_is_in_one_described_group(shared_app: FastAPI, document: dict[str, Any]) -> None:
    described = {tag["name"] for tag in document["tags"]}
    apart = {found["operationId"]: found.get("tags", []) for found in operations(document)}

    undescribed = {name: tags for name, tags in apart.items() if len(tags) != 1 or not described & set(tags)}
    assert undescribed == {}, 'give their routers `tags=[Tag("name", "A sentence about these operations.")]`'
    descriptions: dict[str, set[str]] = {}
    for route in iter_route_contexts(shared_app.routes):
        for tag in getattr(route, "tags", ()):
            descriptions.setdefault(str(tag), set()).add(tag.description)
    twice = {name: texts for name, texts in descriptions.items() if len(texts) > 1}
    assert twice == {}, "two routers describe the same tag differently: give one of them a tag of its own"


async def test_every_schema_has_a_name_for_a_class(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    unfit = [name for name in schemas if not re.fullmatch("([A-Z][a-z]+)+", name)]
    assert unfit == [], "name these schemas: a generic one by a subclass, as `class TagPage(Page[TagOut])` does"


async def test_no_operation_takes_or_returns_an_object_without_a_name(document: dict[str, Any]) -> None:
    nameless = [
        found["operationId"]
        for found in operations(document)
        for content in contents({"paths": {"": {"": found}}})
        if content["schema"].get("type") == "object"
    ]

    assert nameless == [], "generators invent names for these: declare schemas instead of `dict`"


async def test_generators_can_tell_what_type_everything_has(document: dict[str, Any]) -> None:
    bodies = {
        found["operationId"]: content["schema"]
        for found in operations(document)
        for content in found.get("requestBody", {}).get("content", {}).values()
    }
    mixed = [
        name
        for name, schema in document["components"]["schemas"].items()
        if "properties" in schema and schema.keys() & {"oneOf", "anyOf", "allOf"}
    ]

    unclear = [operation_id for operation_id, schema in bodies.items() if set(schema) != {"$ref"}]
    assert unclear == [], (
        "declare one schema for the body; one that may be left out has a `default_factory`, not `None`"
    )
    assert mixed == [], "say with `if`, `then` and `else` what generators may ignore, or declare a schema for each case"


async def test_every_field_has_an_example(document: dict[str, Any]) -> None:
    examples = Examples(document)
    without = []
    for name, schema in document["components"]["schemas"].items():
        for field, part in schema.get("properties", {"": schema}).items():
            try:
                examples.of(part)
            except NoExample:
                without.append(f"{name}.{field}")

    assert without == [], "add `examples=[…]` to these fields, or to the annotated types that they share"


async def test_every_request_and_response_has_an_example(document: dict[str, Any]) -> None:
    without = [
        found["operationId"]
        for found in operations(document)
        for content in contents({"paths": {"": {"": found}}})
        if "example" not in content
    ]

    assert without == [], (
        "examples are composed from those of fields: `test_every_field_has_an_example` says which lack"
    )


async def test_every_example_is_as_its_schema_says(document: dict[str, Any]) -> None:
    declared = [(place, schema, example) for place, schema in parts_of(document, "") for example in schema["examples"]]
    composed = [
        (content["schema"].get("$ref", ""), content["schema"], content["example"]) for content in contents(document)
    ]
    assert len(declared) > 100
    assert len(composed) > 80

    wrong = {
        place: (example, found)
        for place, schema, example in declared + composed
        if (found := errors_in(example, schema, document))
    }
    assert wrong == {}, "correct the examples, which must be valid against the schemas that declare them"
