"""What the handler of a job gets that works outside a transaction."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.client import Client
from app.db.session import Database
from app.process import ProcessContext

P = TypeVar("P")


class OpenUnit(Protocol):
    """Opens a unit of work, which is committed at the end of the block."""

    def __call__(
        self, open_session: Callable[[], AsyncSession], process: ProcessContext, client: Client
    ) -> AbstractAsyncContextManager[Any]: ...


@dataclass(frozen=True)
class Delivery(Generic[P]):
    """One attempt at a job. `key` is the same in all attempts at it, and another one for every other job."""

    payload: P
    key: str
    process: ProcessContext
    database: Database
    client: Client
    _open_unit: OpenUnit

    def unit_of_work(self) -> AbstractAsyncContextManager[Any]:
        """A unit of work of its own, for handlers that change something in short steps."""
        return self._open_unit(self.database.writing, self.process, self.client)
