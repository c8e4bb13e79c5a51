"""Why a post is not to be published: whatever its generator leaves out or hides, becomes a draft."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import PurePath
from typing import Any

from app.content.models import ArticleKind
from app.transfer.importing.fields import Fields, everywhere, is_no, is_yes
from app.transfer.importing.kinds import is_contradictory, is_limited
from app.transfer.importing.publication import PUBLISHED, given_dates, moment_or_none
from app.transfer.importing.shapes import first_line, line, spellings, squeezed
from app.transfer.importing.surroundings import reasons_to_withhold

_FOLDERS = {"_drafts", "_draft", "_trash", "_discarded", "_unpublished"}
_DRAFT = ("draft", "isdraft", "unpublished")
_HIDDEN_IF_SET = spellings(
    *("headless", "private", "hidden", "unlisted", "eleventyExcludeFromCollections", "protected", "encrypted"),
    *("trashed", "deleted"),
)
_HIDDEN_IF_UNSET = spellings(
    *("publish", "is_published", "public", "render", "permalink", "visible", "routable", "listed"),
)
_STATUSES = spellings("status", "post_status", "wp_status", "publish_status", "visibility")
_PUBLIC = {"publish", "published", "public", "visible", "listed", "live", "online", "posted", "open", "all", "everyone"}
_PASSWORDS = ("password", "postpassword")
_BUILD = {"render": {"never", "link"}, "list": {"local"}}
_EXPIRY = spellings(
    *("expiryDate", "unpublishDate", "expires", "expiry", "expires_at", "expiration_date", "expire", "expireDate"),
)


def reason_for_draft(
    found: Fields, path: PurePath, date: datetime | None, now: datetime, kind: ArticleKind = ArticleKind.ARTICLE
) -> str | None:
    """Why the post is not to be published, if it is not. Only pages need no date."""
    if any(_is_set(value) for name in _DRAFT for value in everywhere(found, name)):
        return "a draft"
    if any(is_no(value) for value in everywhere(found, "published")) or _FOLDERS & set(path.parts):
        return "a draft"
    reasons = chain(
        *(_of_flags(found), _of_statuses(found), _of_build(found), _of_name(path), reasons_to_withhold(path)),
        _of_dates(found, now),
    )
    if reason := next(reasons, None):
        return f"a draft, because {reason}"
    if date is None:
        return None if kind is ArticleKind.PAGE else "a draft, because it has no date"
    return "a draft, because its date is in the future" if date > now else None


def expiry_note(found: Fields, now: datetime) -> str | None:
    """Nothing is taken back by itself here, so whoever imports a post that is to expire has to know."""
    for _, value in given_dates(found, _EXPIRY):
        expiry = moment_or_none(value)
        if expiry and expiry > now:
            return f"to be withdrawn by hand on {expiry.date()}, when it expires"
    return None


def _is_set(value: Any) -> bool:
    """Whatever is neither empty nor a no: a writer who wrote something there had a reason."""
    return bool(value) and not is_no(value) and bool(line(value) or isinstance(value, Mapping | list))


def _of_flags(found: Fields) -> Iterator[str]:
    for name, spelled in _HIDDEN_IF_SET.items():
        yield from (
            f"{spelled} is set" for value in everywhere(found, name) if _is_set(value) and not _is_kept(name, value)
        )
    if is_contradictory(found):
        yield "it is both unlisted and for members"
    for name, spelled in _HIDDEN_IF_UNSET.items():
        yield from (f"{spelled} is false" for value in everywhere(found, name) if is_no(value))
    for name in _PASSWORDS:
        yield from ("it is protected by a password" for value in everywhere(found, name) if _is_set(value))


def _of_statuses(found: Fields) -> Iterator[str]:
    """Every status but those that are known to be public, as new ones are invented to hide something."""
    for name, spelled in _STATUSES.items():
        for value in everywhere(found, name):
            status = first_line(value).lower()
            if status and status not in _PUBLIC and not is_yes(value) and not _is_kept(name, status):
                yield f"its {spelled} is {status[:40]!r}"


def _is_kept(name: str, value: Any) -> bool:
    """Whether the article has it too, and need not be a draft for that."""
    return is_yes(value) if name == "unlisted" else name == "visibility" and is_limited(value)


def _of_build(found: Fields) -> Iterator[str]:
    """Hugo's options for building a page, which older versions call `_build` and give yes and no for."""
    for value in chain(everywhere(found, "build"), [{"render": found.get("render")}]):
        options = squeezed(value) if isinstance(value, Mapping) else {"render": value}
        for name, hiding in _BUILD.items():
            given = options.get(name)
            if line(given).lower() in hiding or (is_no(given) and name == "render"):
                yield f"its build option {name} is {line(given).lower()}"


def _of_name(path: PurePath) -> Iterator[str]:
    if path.name.startswith("_"):
        yield "its file name begins with an underscore"


def _of_dates(found: Fields, now: datetime) -> Iterator[str]:
    for name, value in given_dates(found, PUBLISHED):
        date = moment_or_none(value)
        if date is None:
            yield f"its {PUBLISHED[name]} cannot be read"
        elif date > now:
            yield f"its {PUBLISHED[name]} is in the future"
    for name, value in given_dates(found, _EXPIRY):
        expiry = moment_or_none(value)
        if expiry is None:
            yield f"its {_EXPIRY[name]} cannot be read"
        elif expiry <= now:
            yield f"it expired on {expiry.date()}"
