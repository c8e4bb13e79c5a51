"""Queries for accounts."""

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from app.accounts import personal_data
from app.accounts.models import EmailChange, User
from app.core.roles import Role

# Any number of as many digits fits into the column.
_ID_DIGITS = 18

# A deleted account keeps its row, so that what was written keeps a place to point to.
exists = User.deleted_at.is_(None)


def acts_as(*roles: Role) -> ColumnElement[bool]:
    """Accounts that act in one of these roles, higher ones than a reader's: see `User.effective_role`."""
    return and_(User.role.in_(roles), User.is_verified, User.is_active, exists)


# Whoever claims somebody else's address must neither keep its owner from confirming it nor fill the mailbox.
_MAX_CLAIMS = 5


def by_login(login: str) -> Select[tuple[User]]:
    """The account with this email or username; usernames contain no @."""
    return select(User).where(User.email == login if "@" in login else User.username == login, exists)


def by_name(name: str) -> Select[tuple[User]]:
    """The account with this email, username, or id after a `#`."""
    if not name.startswith("#"):
        return by_login(name)
    number = name.removeprefix("#")
    is_id = number.isascii() and number.isdigit() and len(number) <= _ID_DIGITS
    return select(User).where(User.id == (int(number) if is_id else 0), exists)


def waiting_for_confirmation(email: str) -> Select[tuple[User]]:
    """The oldest few accounts that have or claim this email and have not confirmed it."""
    claims = or_(User.pending_email == email, and_(User.email == email, User.is_verified.is_(False)))
    return select(User).where(claims, User.is_active, exists).order_by(User.id).limit(_MAX_CLAIMS)


def newest_email_change(user: User) -> Select[tuple[EmailChange]]:
    """The change with which the account got its current email."""
    return (
        select(EmailChange)
        .where(EmailChange.user_id == user.id, EmailChange.new_email == user.email)
        .order_by(EmailChange.id.desc())
        .limit(1)
    )


def has_written() -> ColumnElement[bool]:
    """Accounts that have written something, whatever domains there are to write in."""
    written = (authored.author for authored in personal_data.authored())
    return or_(false(), *(select(author).where(author == User.id).correlate(User).exists() for author in written))


def matching(text: str) -> ColumnElement[bool]:
    """Accounts with this text in their email or one of their names."""
    columns = (User.email, User.pending_email, User.username, User.display_name)
    return or_(*(column.icontains(text.lower(), autoescape=True) for column in columns))


def locked_with_active_admins(user_id: int) -> Select[tuple[int, bool]]:
    """An account and all active admins, locked so that two of them cannot demote each other at once.

    Each comes with whether it is an active admin. All are locked together, in the order of their ids: locking one of
    them later could deadlock.
    """
    is_active_admin = acts_as(Role.ADMIN)
    return (
        select(User.id, is_active_admin)
        .where(or_(is_active_admin, User.id == user_id))
        .order_by(User.id)
        .with_for_update()
    )
