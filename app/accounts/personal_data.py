"""What belongs to an account: each domain declares it for its tables, in its `hooks.py`.

From the declarations come the erasure of a deleted account, what is handed over, the export, whether an account was
ever used, and what ends when the owner of an account takes it back from a thief. A test finds tables, and columns that
name accounts, that no domain has declared.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, FromClause, true
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.exports.parts import ExportedPart, NotExported
from app.accounts.models import User
from app.queue.kinds import Kind

if TYPE_CHECKING:
    from app.unit_of_work import UnitOfWork

Column = InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Rows that let somebody into the account or, like invitations, into the blog on its behalf.

    `made_since` finds those made after a moment: whoever had the account since then may have made them. `is_access` is
    for those that requests are made with, which end whenever an account is to be left by everyone.
    """

    made_since: Callable[[datetime], ColumnElement[bool]]
    is_access: bool = False


# All of them, whenever they were made: their owners only have to log in again.
ACCESS = Credentials(lambda _since: true(), is_access=True)


class Disposition(Protocol):
    """What an account's owner decides about what they wrote. The account is locked."""

    async def remove(self, user: User, by: User | None) -> None: ...

    async def hand_over(self, user: User, successor: User, by: User | None) -> None:
        """Make it the successor's, record that, and tell them; `by` is who does it."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Rows that are nobody's without the account."""

    account: Column
    rows_of: Callable[[User], ColumnElement[bool]]
    credentials: Credentials | None
    exported: ExportedPart | NotExported
    # Of jobs, which share a table: their kind.
    job_kind: str | None = None

    @property
    def entity(self) -> Any:
        return self.account.class_


@dataclass(frozen=True, slots=True)
class Authored:
    """Rows that others read, and that stay readable when their author is gone."""

    author: Column
    disposition: "Callable[[UnitOfWork], Disposition] | None"
    exported: ExportedPart | NotExported


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Rows that name an account, and stay when it is gone."""

    account: Column
    why: str
    exported: ExportedPart | NotExported


@dataclass(frozen=True, slots=True)
class Part:
    """A table whose rows come and go with those of another."""

    table: FromClause
    whole: FromClause


@dataclass(frozen=True, slots=True)
class Impersonal:
    """A table that holds nothing of an account."""

    table: FromClause


@dataclass(frozen=True, slots=True)
class ImpersonalJobs:
    """A kind of jobs whose payload holds nothing of an account."""

    job_kind: str


Declaration = Owned | Authored | Mentioned | Part | Impersonal | ImpersonalJobs
D = TypeVar("D", bound=Declaration)
_declarations: list[Declaration] = []


def register_owned(
    account: Column,
    *,
    credentials: Credentials | None,
    exported: ExportedPart | NotExported,
    rows_of: Callable[[User], ColumnElement[bool]] | None = None,
    job_kind: Kind[Any] | None = None,
) -> None:
    """Declare that rows are deleted together with the account that this column names.

    The column holds the account's id; where it is another one, `rows_of` finds the account's rows. For jobs it is their
    payload, and `job_kind` says which of them are meant.
    """
    rows_of = rows_of or (lambda user: account == user.id)
    _declarations.append(Owned(account, rows_of, credentials, exported, job_kind.name if job_kind else None))


def register_authored(
    author: Column,
    *,
    exported: ExportedPart | NotExported,
    disposition: "Callable[[UnitOfWork], Disposition] | None" = None,
) -> None:
    """Declare that rows were written by the account that this column names, for others to read.

    They stay, under a placeholder name, unless they have a disposition, which the owner of the account chooses.
    """
    _declarations.append(Authored(author, disposition, exported))


def register_mentioned(account: Column, why: str, *, exported: ExportedPart | NotExported) -> None:
    """Declare that rows name an account in this column and stay when it is deleted, and why they may."""
    _declarations.append(Mentioned(account, why, exported))


def register_part(table: FromClause, whole: FromClause) -> None:
    """Declare that the rows of a table belong to rows of another and, as its foreign key says, go with them."""
    _declarations.append(Part(table, whole))


def register_impersonal(*tables: FromClause) -> None:
    """Declare that these tables hold nothing of an account."""
    _declarations.extend(Impersonal(table) for table in tables)


def register_impersonal_jobs(*kinds: Kind[Any]) -> None:
    """Declare that the payloads of these kinds of jobs hold nothing of an account."""
    _declarations.extend(ImpersonalJobs(kind.name) for kind in kinds)


def owned() -> Iterable[Owned]:
    """What is deleted together with an account, in this order."""
    return _all(Owned)


def authored() -> Iterable[Authored]:
    return _all(Authored)


def exported_parts() -> Iterator[ExportedPart]:
    """What the export of an account consists of."""
    for declaration in declarations():
        if not isinstance(declaration, Part | Impersonal | ImpersonalJobs) and not isinstance(
            declaration.exported, NotExported
        ):
            yield declaration.exported


def declarations() -> list[Declaration]:
    """Everything that the domains have declared, in the order in which they did."""
    if not _declarations:
        raise RuntimeError("no domain has declared what belongs to an account: import app.hooks")
    return list(_declarations)


def _all(kind: type[D]) -> Iterator[D]:
    return (declaration for declaration in declarations() if isinstance(declaration, kind))
