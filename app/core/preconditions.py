"""What a request demands of the resource that it changes: `If-Match` and `If-None-Match` (RFC 9110, 13.1).

Whoever changes a resource checks them, with `require` as soon as the resource is locked, or `require_absent` before
creating it. A condition that nobody has checked is not met: `settle` refuses the request before anything is committed.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from app.core.entity_tags import digest_of, entity_tag, validator_of
from app.core.errors import InvalidPrecondition, PreconditionFailed, PreconditionRequired

_ANY = "*"
_MAX_LENGTH = 4000
_WEAK = "W/"
# Without bytes beyond ASCII, which no tag of ours has.
_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_LIST = re.compile(rf"(?:[ \t]*,)*[ \t]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*")
_EACH = re.compile(_TAG)


@dataclass(frozen=True)
class Tags:
    """What a header names: any resource that is there, or those with these validators."""

    any: bool
    validators: frozenset[str]

    def include(self, validator: str | None) -> bool:
        """Whether they stand for a resource with this validator; None is that of one which exists and has no tag."""
        return self.any or validator in self.validators


class Preconditions:
    """The preconditions of one request. Without arguments, those of whatever is no request: none at all."""

    def __init__(
        self, if_match: Tags | None = None, if_none_match: Tags | None = None, *, of_request: bool = False
    ) -> None:
        self._if_match = if_match
        self._if_none_match = if_none_match
        self._of_request = of_request
        self._are_met = not self.are_given

    @classmethod
    def sent(cls, if_match: Sequence[str], if_none_match: Sequence[str]) -> "Preconditions":
        """Those of a request with these header lines. Raises `InvalidPrecondition`."""
        # A weak tag says that something alike will do: enough to have it already, and not to overwrite it.
        matching = _parsed(if_match, "If-Match", weakly=False)
        return cls(matching, _parsed(if_none_match, "If-None-Match", weakly=True), of_request=True)

    @property
    def are_given(self) -> bool:
        return self._if_match is not None or self._if_none_match is not None

    @property
    def only_create(self) -> bool:
        """Whether nothing may be replaced: `If-None-Match: *`."""
        return self._if_none_match is not None and self._if_none_match.any

    @property
    def name_version(self) -> bool:
        """Whether the request says which version it was made to: `If-Match` with a tag."""
        return self._if_match is not None and not self._if_match.any

    def demand(self) -> None:
        """Insist that a request says what it replaces, or that it only creates. Raises `PreconditionRequired`."""
        if self._of_request and self._if_match is None and not self.only_create:
            raise PreconditionRequired

    async def require(self, show: Callable[[], Awaitable[Any]] | None, validator: str | None = None) -> None:
        """Go on only if the resource, which exists and is locked, is what the client takes it for.

        `show` returns what a GET of it answers; it is called only when that matters. A resource without a GET has none,
        and no tag stands for it. The validator is the digest of what is shown, unless given. Raises
        `PreconditionFailed`, which names the present tag.
        """
        if not self.are_given:
            return
        present = None
        if show is not None and validator is None:
            validator = digest_of(to_json(await show()))
            present = entity_tag(validator)
        if not self._hold_for(validator):
            if show is not None and present is None:
                present = entity_tag(validator or "", digest_of(to_json(await show())))
            raise PreconditionFailed(etag=present)
        self._are_met = True

    def require_absent(self) -> None:
        """Go on only if the client agrees that there is no such resource yet. Raises `PreconditionFailed`."""
        if self._if_match is not None:
            raise PreconditionFailed
        self._are_met = True

    def settle(self, *, shows_existence: bool) -> None:
        """Refuse what nobody has checked. Raises `PreconditionFailed`.

        With `shows_existence` the request could not have come so far, had the resource not been there.
        """
        if not (self._are_met or (shows_existence and self._hold_for(None))):
            raise PreconditionFailed

    def _hold_for(self, validator: str | None) -> bool:
        return (self._if_match is None or self._if_match.include(validator)) and (
            self._if_none_match is None or not self._if_none_match.include(validator)
        )


def _parsed(lines: Sequence[str], name: str, *, weakly: bool) -> Tags | None:
    if not lines:
        return None
    value = ",".join(lines).strip()
    if value == _ANY:
        return Tags(any=True, validators=frozenset())
    if len(value) > _MAX_LENGTH or not _LIST.fullmatch(value):
        raise InvalidPrecondition(field=name)
    tags = [tag for tag in _EACH.findall(value) if weakly or not tag.startswith(_WEAK)]
    return Tags(any=False, validators=frozenset(validator_of(tag.removeprefix(_WEAK)) for tag in tags))
