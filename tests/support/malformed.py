"""Values that have broken servers before, written as JSON."""

# What no field of any kind takes: nothing that JSON knows, half of a character, or what PostgreSQL cannot store.
NEVER_VALID = {
    "NUL": r'"abc\u0000defghij"',
    "half of a surrogate pair": r'"abc\ud800defghij"',
    "NaN": "NaN",
    "infinity": "Infinity",
    "a number that is too large": "1e999",
    "2**64": str(2**64),
    "a list": "[[]]",
    "an object": '{"a": {}}',
}


def json_with(fields: dict[str, str]) -> bytes:
    """A JSON object of fields that are JSON already."""
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}").encode()
