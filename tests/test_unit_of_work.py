"""The unit of work: all or nothing, for whoever reacts to an event too; and no session where nobody would close it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import events
from app.accounts.errors import UsernameTaken, WeakPassword, WrongPassword
from app.container import Services
from app.content.models import Tag
from app.content.schemas.taxonomy import TagListQuery
from app.core.client import COMMAND_LINE
from app.core.errors import AppError
from app.unit_of_work import NoSession, UnitOfWork, unit_of_work


@dataclass(frozen=True)
class Named:
    name: str


@pytest.fixture
def _handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered in a test ends with it."""
    monkeypatch.setattr(events, "_handlers", dict(events._handlers))


async def _store_tag(unit: UnitOfWork, event: Named) -> None:
    unit.session.add(Tag(slug=event.name, name=event.name.title()))


async def _fail(_unit: UnitOfWork, _event: Named) -> None:
    raise UsernameTaken


async def tags(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Tag)) or 0


def opened(app: FastAPI) -> AbstractAsyncContextManager[UnitOfWork]:
    return unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE)


async def store_tag_and_raise(app: FastAPI, error: type[AppError], *emitted: object) -> None:
    async with opened(app) as unit:
        unit.session.add(Tag(slug="pen", name="Pen"))
        await unit.session.flush()
        for event in emitted:
            await unit.emit(event)
        raise error


async def test_a_unit_commits_at_its_end(app: FastAPI, session: AsyncSession) -> None:
    async with opened(app) as unit:
        unit.session.add(Tag(slug="ink", name="Ink"))

    assert await tags(session) == 1


async def test_a_unit_that_fails_leaves_nothing(app: FastAPI, session: AsyncSession) -> None:
    with pytest.raises(WeakPassword):
        await store_tag_and_raise(app, WeakPassword)

    assert await tags(session) == 0


async def test_an_error_that_says_so_commits_what_was_done_before_it(app: FastAPI, session: AsyncSession) -> None:
    assert WrongPassword.commits_on_error
    with pytest.raises(WrongPassword):
        await store_tag_and_raise(app, WrongPassword)

    assert await tags(session) == 1


@pytest.mark.usefixtures("_handlers")
async def test_what_a_handler_does_belongs_to_the_same_transaction(app: FastAPI, session: AsyncSession) -> None:
    events.register_handler(Named, _store_tag)

    async with opened(app) as unit:
        await unit.emit(Named("ink"))
        assert await tags(unit.session) == 1
    with pytest.raises(WeakPassword):
        await store_tag_and_raise(app, WeakPassword, Named("blot"))

    assert [tag.slug for tag in await session.scalars(select(Tag))] == ["ink"]


@pytest.mark.usefixtures("_handlers")
async def test_a_handler_that_fails_undoes_everything(app: FastAPI, session: AsyncSession) -> None:
    events.register_handler(Named, _store_tag)
    events.register_handler(Named, _fail)

    with pytest.raises(UsernameTaken):
        await store_tag_and_raise(app, WeakPassword, Named("ink"))

    assert await tags(session) == 0


@pytest.mark.usefixtures("_handlers")
async def test_what_a_handler_has_done_by_halves_is_undone_whatever_it_fails_with(
    app: FastAPI, session: AsyncSession
) -> None:
    async def refuse(_unit: UnitOfWork, _event: Named) -> None:
        raise WrongPassword

    events.register_handler(Named, _store_tag)
    events.register_handler(Named, refuse)

    with pytest.raises(WrongPassword):
        await store_tag_and_raise(app, WeakPassword, Named("ink"))

    assert await tags(session) == 0


@pytest.mark.usefixtures("_handlers")
async def test_a_handler_can_be_for_all_events_of_a_kind(app: FastAPI) -> None:
    seen: list[object] = []

    class Renamed(Named):
        pass

    async def note(_unit: UnitOfWork, event: Named) -> None:
        seen.append(event)

    events.register_handler(Named, note)
    async with opened(app) as unit:
        await unit.emit(Renamed("ink"))

    assert seen == [Renamed("ink")]


@pytest.mark.usefixtures("_handlers")
async def test_handlers_see_what_was_done_and_are_called_in_order(app: FastAPI) -> None:
    seen: list[object] = []

    async def note_first(unit: UnitOfWork, event: Named) -> None:
        seen.append((event.name, await tags(unit.session)))

    async def note_second(_unit: UnitOfWork, event: Named) -> None:
        seen.append(event.name)

    events.register_handler(Named, note_first)
    events.register_handler(Named, note_second)

    async with opened(app) as unit:
        unit.session.add(Tag(slug="pen", name="Pen"))
        await unit.emit(Named("ink"))

    assert seen == [("ink", 1), "ink"]


async def test_an_event_that_nobody_handles_is_no_matter(app: FastAPI) -> None:
    async with opened(app) as unit:
        await unit.emit(Named("ink"))


async def test_a_public_read_has_no_session(app: FastAPI) -> None:
    services = Services(UnitOfWork(app.state.process, COMMAND_LINE, rows=app.state.database.read_pool))

    assert (await services.content.tags.list(None, TagListQuery())).items == []
    with pytest.raises(NoSession):
        await services.content.articles.any_exist()
