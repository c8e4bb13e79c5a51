"""Entity tags: which version of a resource an answer shows, and in which bytes (RFC 9110, 8.8.3).

A tag begins with the *validator* of the resource, which stays the same in every encoding: the digest of the answer, or
what the resource itself calls its version. Whatever follows the first `-` tells apart answers with other bytes.
"""

from hashlib import blake2b
from typing import Any

from pydantic_core import to_json


def json_bytes(shown: Any) -> bytes:
    """The body of an answer that shows this."""
    return to_json(shown)


def entity_tag(body: bytes, validator: str = "", coding: str = "") -> str:
    """The strong tag of an answer with this body before it was encoded."""
    digest = blake2b(body, digest_size=12).hexdigest()
    return '"' + "-".join(part for part in (validator, digest, coding) if part) + '"'


def validator_of(tag: str) -> str:
    """What a tag says about the resource, without quotes."""
    return tag.strip('"').partition("-")[0]
