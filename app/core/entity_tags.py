"""Entity tags: which version of a resource an answer shows, and in which bytes (RFC 9110, 8.8.3).

A tag begins with the *validator* of the resource, which is the same in every encoding: what the resource itself calls
its version, or else the digest of the answer. Whatever follows the first `-` tells apart answers of other bytes.
"""

from hashlib import blake2b


def digest_of(body: bytes) -> str:
    """What stands for an answer with this body, before it is encoded."""
    return blake2b(body, digest_size=12).hexdigest()


def entity_tag(*parts: str) -> str:
    """A strong tag of these parts, those that are not empty."""
    return f'"{"-".join(filter(None, parts))}"'


def validator_of(tag: str) -> str:
    """What a strong tag says about the resource."""
    return tag.strip('"').partition("-")[0]
