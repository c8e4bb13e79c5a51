"""What a domain gives to the export of an account: a field of `account.json`, a list, or a folder of files.

Only what a schema names is exported, so that no secret gets into it by being added to a table. Of what others have
written the owner gets no more than they may see now: a part is read and composed for the owner as they are now.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.models import User
from app.accounts.policies.actors import Principal

# The owner's rows whose id is greater than the number, in the order of their ids.
RowsAfter = Callable[[Principal, int], Select[Any]]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of `account.json`, for what there is little of; `meaning` is a noun phrase for the archive's README."""

    name: str
    meaning: str
    read: Callable[[AsyncSession, User], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class JsonList:
    """A JSON file with one item for each row, however many there are; `meaning` is a line of the README."""

    name: str
    meaning: str
    rows_after: RowsAfter
    item: Callable[[Any, Principal], BaseModel]
    batch: int = 200


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with files made of rows; their names, which include the folder's, must be safe to write to disk."""

    name: str
    meaning: str
    rows_after: RowsAfter
    files: Callable[[Any, Principal], Mapping[str, str]]
    batch: int = 20


@dataclass(frozen=True, slots=True)
class NotExported:
    """Why the owner of an account does not get these rows."""

    why: str


ExportedPart = Field | JsonList | Folder


def field_of_rows(name: str, meaning: str, account: InstrumentedAttribute[Any], schema: type[BaseModel]) -> Field:
    """The rows in which this column names the account, in the order of their ids."""

    async def read(session: AsyncSession, user: User) -> list[Any]:
        statement = select(account.class_).where(account == user.id).order_by(account.class_.id)
        return [schema.model_validate(row).model_dump(mode="json") for row in await session.scalars(statement)]

    return Field(name, meaning, read)
