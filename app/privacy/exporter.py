"""Everything that the blog knows about a user, read in batches and packed in a thread."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel

from app.accounts.exports.parts import ExportedPart, Field, Folder, JsonList
from app.accounts.models import User
from app.accounts.personal_data import exported_parts
from app.accounts.policies.actors import Principal
from app.core import clock
from app.db.session import begin_writing, reading
from app.privacy import audit_actions as actions
from app.privacy.archive import Archive, Export
from app.privacy.limits import EXPORTS_OF_ACCOUNT
from app.privacy.readme import ACCOUNT_FILE, readme
from app.unit_of_work import UnitOfWork

_MAX_BATCH = 500
_MAX_CONCURRENT = 2


class ExportService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def export(self, principal: Principal) -> Export:
        """All of the user's data in one complete file. Raises `TooManyRequests`."""
        user = principal.account
        await self._unit.limiter.hit(EXPORTS_OF_ACCOUNT, str(user.id))
        archive = Archive()
        try:
            await self._fill(archive, principal)
            name = f"{user.username}-{clock.now():%Y-%m-%d}.zip"
            export: Export = await _in_thread(archive.finish, name)
            await begin_writing(self._unit.session)
            self._unit.audit.record(actions.ACCOUNT_EXPORTED, actor=user, subject=user)
            await self._unit.session.flush()
        except BaseException:
            archive.discard()
            raise
        return export

    async def _fill(self, archive: Archive, owner: Principal) -> None:
        parts = list(exported_parts())
        await _in_thread(archive.add, {"README.txt": readme(parts)})
        await _in_thread(archive.add_json, ACCOUNT_FILE, await self._account(owner.account, parts))
        for part in parts:
            if isinstance(part, JsonList):
                await self._add_list(archive, owner, part)
            elif isinstance(part, Folder):
                await self._add_files(archive, owner, part)

    async def _account(self, user: User, parts: Iterable[ExportedPart]) -> dict[str, Any]:
        async with reading(self._unit.session):
            return {part.name: await part.read(self._unit.session, user) for part in parts if isinstance(part, Field)}

    async def _add_list(self, archive: Archive, owner: Principal, part: JsonList) -> None:
        await _in_thread(archive.begin_list, part.name)
        async for rows in self._batches(owner, part):
            await _in_thread(lambda batch: archive.extend_list(_plain(part.item(row, owner)) for row in batch), rows)
        await _in_thread(archive.end_list)

    async def _add_files(self, archive: Archive, owner: Principal, part: Folder) -> None:
        async for rows in self._batches(owner, part):
            await _in_thread(lambda batch: archive.add(_merged(part.files(row, owner) for row in batch)), rows)

    async def _batches(self, owner: Principal, part: JsonList | Folder) -> AsyncIterator[Sequence[Any]]:
        """Use a short transaction for each batch: no connection is held while it is packed."""
        last, size = 0, min(part.batch, _MAX_BATCH)
        while True:
            async with reading(self._unit.session):
                rows = (await self._unit.session.scalars(part.rows_after(owner, last).limit(size))).all()
            if not rows:
                return
            last = rows[-1].id
            yield rows
            if len(rows) < size:
                return


def _merged(files: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {name: text for each in files for name, text in each.items()}


def _plain(item: BaseModel) -> dict[str, Any]:
    return item.model_dump(mode="json")


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run CPU-heavy packing in a thread, two at a time, to leave the other cores to the blog."""
    return await to_thread.run_sync(work, *arguments, limiter=_limiter())


@cache
def _limiter() -> CapacityLimiter:
    return CapacityLimiter(_MAX_CONCURRENT)
