"""Parses JSON from strangers."""

import json
import re
from itertools import islice
from typing import Any

from fastapi import HTTPException

# Names, strings, list items and brackets together; the largest body that makes sense has some two hundred.
MAX_PARTS = 1000
# A string, whether it ends or not, or a character that begins another value. Possessive, so that nothing is read twice.
_PART = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{,]', re.DOTALL)


def parsed_json(body: bytes) -> Any:
    """The value.

    Raises `ValueError` (`JSONDecodeError`, where it is no JSON) or `RecursionError` if it cannot be read, and
    `HTTPException` if it has more than `MAX_PARTS` parts, which is found out without making them.
    """
    # Half a surrogate pair is refused by the field that has it, with its name.
    text = body.decode("utf-8-sig", "surrogatepass")
    if sum(1 for _ in islice(_PART.finditer(text), MAX_PARTS + 1)) > MAX_PARTS:
        raise HTTPException(400, f"The request body has more than {MAX_PARTS} names and values.")
    return json.loads(text)
