"""What clients send is what it says: no text or number is taken for a truth value, and no text for a number."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter, ValidationError

from app.core.schemas.base import Input

TEXTS_FOR_BOOL = ("no", "yes", "on", "off", "t", "f", "y", "n", "0", "1", "", " true", "null")
NUMBERS_FOR_BOOL = (0, 1, 0.0, 1.0, 2)
TEXTS_FOR_INT = ("1_0", " 5", "5 ", "+5", "5.0", "5e0", "\u0665", "\uff15", "0x5", "", "true", "9" * 40)
NO_INT = (True, False, 5.0, 5.5, [5], {"a": 5})


def inputs(kind: type[Input] = Input) -> Iterator[type[Input]]:
    for below in kind.__subclasses__():
        yield below
        yield from inputs(below)


def is_of_text(kind: type[Input]) -> bool:
    """Whether it is a query, a part of one, or a form, whose values are all texts."""
    return kind.__name__.endswith(("Query", "Filter", "Form"))


def types_in(schema: Any) -> set[str]:
    """The types that occur anywhere in a JSON schema."""
    if isinstance(schema, list):
        return set().union(*map(types_in, schema))
    if isinstance(schema, dict):
        kind = schema.get("type")
        return ({kind} if isinstance(kind, str) else set()).union(*map(types_in, schema.values()))
    return set()


def fields(kind: str) -> list[Any]:
    found = []
    for model in dict.fromkeys(inputs()):
        if not model.__module__.startswith("app."):
            continue
        for name, info in model.model_fields.items():
            adapter: TypeAdapter[Any] = TypeAdapter(info.rebuild_annotation())
            if kind in types_in(adapter.json_schema()):
                found.append(pytest.param(adapter, is_of_text(model), id=f"{model.__name__}.{name}"))
    return found


def number_of(adapter: TypeAdapter[Any]) -> int:
    """One that the field takes: any, unless it says which."""
    number: int = adapter.json_schema().get("enum", [5])[0]
    return number


def accepts(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("adapter", "in_text"), fields("boolean"))
def test_a_truth_value_is_true_or_false(adapter: TypeAdapter[Any], *, in_text: bool) -> None:
    texts = TEXTS_FOR_BOOL if in_text else (*TEXTS_FOR_BOOL, "true", "false")
    assert [value for value in (*texts, *NUMBERS_FOR_BOOL) if accepts(adapter, value)] == []
    assert [adapter.validate_python(value) for value in (True, False)] == [True, False]
    if in_text:
        assert [adapter.validate_python(value) for value in ("true", "False")] == [True, False]


@pytest.mark.parametrize(("adapter", "in_text"), fields("integer"))
def test_a_number_is_a_number(adapter: TypeAdapter[Any], *, in_text: bool) -> None:
    texts = TEXTS_FOR_INT if in_text else (*TEXTS_FOR_INT, "5")
    assert [value for value in (*texts, *NO_INT) if accepts(adapter, value)] == []
    number = number_of(adapter)
    assert adapter.validate_python(str(number) if in_text else number) == number


def test_there_are_some() -> None:
    assert len(fields("boolean")) >= 6
    assert len(fields("integer")) >= 6


async def test_queries_and_forms_are_called_so(shared_app: FastAPI) -> None:
    """Otherwise the tests above would not know what they are."""
    seen = set()
    for context in iter_route_contexts(shared_app.routes):
        dependant = getattr(context, "dependant", None)
        for field in (*dependant.query_params, *dependant.body_params) if dependant else ():
            kind = field.field_info.annotation
            if isinstance(kind, type) and issubclass(kind, Input):
                seen.add(kind)
                assert is_of_text(kind) is (type(field.field_info).__name__ in {"Query", "Form"}), context.path
    assert len(seen) > 10
