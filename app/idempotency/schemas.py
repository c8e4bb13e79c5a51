"""A request that can be repeated, and what it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class KeyedRequest:
    """A request of an account with a key of its choice; the fingerprint tells it from any other request."""

    account_id: int
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """What a request was answered, with the headers that are worth repeating."""

    status: int
    headers: Mapping[str, str]
    body: bytes
