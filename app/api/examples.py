"""Examples of requests and responses, composed from those that the schemas' fields declare."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_PREFIX = "#/components/schemas/"
# What explains itself needs no example of its own.
_TYPICAL: dict[str | None, Any] = {"date-time": "2026-03-01T09:30:00Z", "boolean": False}
_PROBLEMS = "application/problem+json"


class NoExample(Exception):
    """Neither a schema nor what it is made of declares an example."""


class Examples:
    """The examples of an OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._schemas: dict[str, Any] = document["components"]["schemas"]

    def add(self) -> None:
        """Give every request and response an example. Errors have none: which of them it is depends on the route."""
        for media in contents(self._document):
            with suppress(NoExample):
                media["example"] = self.of(media["schema"])

    def of(self, schema: dict[str, Any], above: frozenset[str] = frozenset()) -> Any:
        """The schema's own example, or one composed from those of its parts. Raises `NoExample`."""
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self._of_reference(schema["$ref"], above)
        for keyword in ("const", "default"):
            if schema.get(keyword) is not None:
                return schema[keyword]
        if "anyOf" in schema:
            return self._of_first(schema["anyOf"], above)
        if "enum" in schema:
            return schema["enum"][0]
        return self._of_type(schema, above)

    def _of_type(self, schema: dict[str, Any], above: frozenset[str]) -> Any:
        match schema.get("type"):
            case "array":
                return [self.of(schema["items"], above)]
            case "object" if "properties" in schema or not schema.get("additionalProperties"):
                return {name: self.of(part, above) for name, part in schema.get("properties", {}).items()}
            case kind:
                with suppress(KeyError):
                    return _TYPICAL[schema.get("format", kind)]
        raise NoExample

    def _of_reference(self, reference: str, above: frozenset[str]) -> Any:
        if reference in above:
            raise NoExample
        return self.of(self._schemas[reference.removeprefix(_PREFIX)], above | {reference})

    def _of_first(self, variants: list[dict[str, Any]], above: frozenset[str]) -> Any:
        for variant in variants:
            if variant != {"type": "null"}:
                with suppress(NoExample):
                    return self.of(variant, above)
        raise NoExample


def contents(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The bodies of all requests and of all responses but errors, unless they are files."""
    for path in document["paths"].values():
        for operation in path.values():
            for message in (operation.get("requestBody", {}), *operation["responses"].values()):
                for media_type, content in message.get("content", {}).items():
                    if media_type != _PROBLEMS and content["schema"].get("format") != "binary":
                        yield content
