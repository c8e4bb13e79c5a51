"""What is wrong with the settings, one sentence for each problem, for whoever wrote them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

_SAID_BY_THE_LIBRARY = {"Input should": "it should", "String should": "it should", "List should": "it should"}
_SAID_BETTER = {
    "int_parsing": "it should be a whole number",
    "float_parsing": "it should be a number",
    "bool_parsing": "it should be true or false",
}
# The message lists what may be chosen.
_CHOICES = {"enum", "literal_error"}
_MAX_SHOWN = 60


def sentences(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[str]:
    """Each names the setting, its value unless that is a secret, and a right one."""
    return [_printable(sentence) for sentence in _sentences(error, fields)]


def _sentences(error: ValidationError, fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_context=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        message = problem["msg"].rstrip(".")
        if problem["type"] == "value_error":
            # One of our own, which is complete.
            sentence = message.removeprefix("Value error, ")
            yield f"Setting {name.upper()}: {sentence}." if name else f"Settings: {sentence}."
        elif problem["type"] == "missing":
            yield f"Setting {name.upper()}: it is required, and not set."
        else:
            better = _SAID_BETTER.get(problem["type"], message)
            example = "" if problem["type"] in _CHOICES else _example(fields[name])
            yield f"{_refusal(name, better, problem['input'], fields[name])}{example}."


def _refusal(name: str, message: str, given: Any, field: FieldInfo) -> str:
    for said, ours in _SAID_BY_THE_LIBRARY.items():
        message = message.replace(said, ours, 1)
    value = "the value" if "Secret" in str(field.annotation) else f'"{_shown(given)}"'
    return f"Setting {name.upper()}: {value} cannot be used: {message}"


def _example(field: FieldInfo) -> str:
    example = field.examples[0] if field.examples else field.get_default(call_default_factory=True)
    if example in (None, "", []) or isinstance(example, SecretStr):
        return ""
    return f", such as {str(example).lower() if isinstance(example, bool) else example}"


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
