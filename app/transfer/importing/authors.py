"""Which account a post belongs to. Neither front matter nor a username proves anyone's identity."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from app.core.slugs import slug_for
from app.transfer.importing.fields import USERNAME_MAX_LENGTH, Author


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


async def byline_for(session: AsyncSession, author: Author) -> Byline:
    """The author's account, or the one to create for them; the result is the same every time.

    It is the account with their address, if that is confirmed or the account is unclaimed; otherwise the one with their
    username, if it is unclaimed or belongs to someone who writes here. If someone else has the username, it is the
    first one with a number that is free or was created for this name.
    """
    # An account without an address is still found when it had to have another username, or got one from an admin.
    stand_in = f"{author.username}@unclaimed.invalid"
    email = author.email or stand_in
    for candidate in (email, stand_in):
        known = await session.scalar(select(User).where(User.email == candidate))
        if known is not None and ((known.is_verified and known.deleted_at is None) or _is_unclaimed(known)):
            return Byline.of(known)
        if known is not None:
            # Somebody has this address without having confirmed it.
            email = stand_in
    for username in _usernames(author):
        known = await session.scalar(select(User).where(User.username == username))
        if known is None:
            return Byline(username, email)
        if _may_be(known, author):
            return Byline.of(known)
    raise AssertionError  # pragma: no cover - there is no last number


def _is_unclaimed(account: User) -> bool:
    return account.hashed_password == UNUSABLE and account.deleted_at is None


def _may_be(account: User, author: Author) -> bool:
    """Whether the account with a username for the author is theirs."""
    if account.username != author.username and slug_for(account.display_name) != slug_for(author.name):
        return False
    writes_here = account.is_active and account.deleted_at is None and account.role.includes(Role.AUTHOR)
    return writes_here or _is_unclaimed(account)


def _usernames(author: Author) -> Iterator[str]:
    yield author.username
    for number in count(2):
        suffix = f"-{number}"
        yield author.username[: USERNAME_MAX_LENGTH - len(suffix)].rstrip("-") + suffix
