"""YAML of texts, lists and mappings, whatever its tags say."""

from base64 import b64decode
from typing import Any

import yaml

_NULL = "tag:yaml.org,2002:null"
# Ruby writes a text as binary when it is not sure of its encoding.
_MERGE, _MOST_MERGED = "<<", 10
_BINARY = {"!binary", "tag:yaml.org,2002:binary"}


class TextLoader(yaml.SafeLoader):
    """Every plain value but null is a text, and tags (`!!timestamp`, `!ruby/object:…`) only say what holds it.

    YAML's own types would lose what the writer wrote: the offset of a time, the zero of a version 1.10, the country
    code NO. Mappings are not merged (`<<`) in place either: a few lines of merges can stand for billions of entries.
    `merged` does it where it matters.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in the base class
        first: [pair for pair in resolvers if pair[0] == _NULL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {_NULL: yaml.SafeLoader.yaml_constructors[_NULL]}  # noqa: RUF012 - likewise

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merges nothing, not even where a tag asks for it."""

    def construct_by_kind(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            text = self.construct_scalar(node)
            return _decoded(text) if node.tag in _BINARY else text
        construct = self.construct_yaml_seq if isinstance(node, yaml.SequenceNode) else self.construct_yaml_map
        return construct(node)


def merged(fields: dict[Any, Any], levels: int = 3) -> dict[Any, Any]:
    """The fields with those that they are merged with (`<<`), a few levels and mappings deep."""
    given = fields.get(_MERGE)
    found: dict[Any, Any] = {}
    for each in reversed((given if isinstance(given, list) else [given])[:_MOST_MERGED]):
        if isinstance(each, dict):
            found |= merged(each, levels - 1) if levels else each
    return found | {name: value for name, value in fields.items() if name != _MERGE}


TextLoader.add_constructor(None, TextLoader.construct_by_kind)  # for any tag


def _decoded(text: str) -> str:
    """Empty if it is no text."""
    try:
        return b64decode(text).decode()
    except ValueError:
        return ""
