"""Which account a post belongs to. Neither front matter nor a username proves anyone's identity."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.accounts.policies.registration import is_reachable
from app.core.config import Settings
from app.core.names import name_key
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from app.core.slugs import slug_for
from app.transfer.importing.fields import USERNAME_MAX_LENGTH, Author, spelled_as_username


@dataclass(frozen=True)
class Byline:
    """The account for an author; without an `id`, one that is to be created."""

    username: str
    email: str
    id: int | None = None
    is_claimed: bool = False

    @classmethod
    def of(cls, account: User) -> "Byline":
        return cls(account.username, account.contact_email, account.id, not _is_unclaimed(account))


async def byline_for(
    session: AsyncSession, author: Author, settings: Settings, promised: Mapping[str, Author] | None = None
) -> Byline:
    """The author's account, or the one to create for them; the result is the same every time.

    It is the account with their address, if that is confirmed or the account is unclaimed; otherwise the one with their
    name or username, if it is unclaimed or belongs to someone who writes here. If someone else has the username, or it
    is `promised` to somebody else, it is the first one with a number that is free or was created for this name.
    """
    free = []
    given = author.email if author.email and is_reachable(author.email, settings) else None
    for email in filter(None, (given, *author.stand_ins)):
        known = await session.scalar(select(User).where(User.email == email))
        if known is None:
            free.append(email)
        elif _is_reached_by(known, email, author):
            return Byline.of(known)
    for username in _usernames(author):
        known = await session.scalar(select(User).where(User.username == username))
        if known is None and (promised or {}).get(username, author).key == author.key:
            return Byline(username, free[0] if free else f"{username}.{author.stand_ins[-1]}")
        if known is not None and _may_be(known, author):
            return Byline.of(known)
    raise AssertionError  # pragma: no cover - there is no last number


def _is_unclaimed(account: User) -> bool:
    return account.hashed_password == UNUSABLE and account.deleted_at is None


def _is_reached_by(account: User, email: str, author: Author) -> bool:
    """Whether the account with an address for the author is theirs: anybody may have it without confirming it."""
    if email != author.email and _is_transliterated(account, author.username) and not _has_name(account, author):
        # Made for somebody whose name is transliterated like this author's.
        return False
    return (account.is_verified and account.deleted_at is None) or _is_unclaimed(account)


def _may_be(account: User, author: Author) -> bool:
    """Whether the account with a username for the author is theirs."""
    if not _has_name(account, author) and not _has_username(account, author):
        return False
    writes_here = account.is_active and account.deleted_at is None and account.effective_role.includes(Role.AUTHOR)
    return writes_here or _is_unclaimed(account)


def _has_name(account: User, author: Author) -> bool:
    return name_key(account.display_name) == author.key


def _has_username(account: User, author: Author) -> bool:
    """Whether the author is named by the account's username.

    If that was derived from another name ("schon" from "Schön"), only an owner who has taken it is known by it.
    """
    if account.username != spelled_as_username(author.name):
        return False
    is_taken = author.name == account.username and not _is_unclaimed(account)
    return is_taken or not _is_transliterated(account, account.username)


def _is_transliterated(account: User, username: str) -> bool:
    return slug_for(account.display_name) == username != spelled_as_username(account.display_name)


def _usernames(author: Author) -> Iterator[str]:
    yield author.username
    for number in count(2):
        suffix = f"-{number}"
        yield author.username[: USERNAME_MAX_LENGTH - len(suffix)].rstrip("-") + suffix
