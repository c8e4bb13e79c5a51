"""Redirects: listed, created, changed and deleted.

Nothing here checks permissions: the routes do, and the command line needs no account. `by` is who does it; None is the
command line.
"""

from typing import Any

from app.accounts.policies.actors import Principal
from app.audit.actions import Action
from app.content import audit_actions as actions
from app.content.errors import ImpossibleRedirect, RedirectNotFound
from app.content.models import Redirect, RedirectMatch
from app.content.models.redirect import GONE
from app.content.queries import redirects
from app.content.schemas.redirects import (
    RedirectInput,
    RedirectListQuery,
    RedirectOut,
    RedirectUpdate,
    redirect_validator,
    why_impossible,
)
from app.content.services.redirect_rules import UNIQUE, lock_redirects, require_no_loop, stored_target
from app.db.constraints import translating
from app.db.paging import PageResult, fetch_page
from app.unit_of_work import UnitOfWork


class RedirectService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def list(self, query: RedirectListQuery) -> PageResult[RedirectOut]:
        """A page of redirects by their sources. Raises `InvalidCursor`."""
        statement = redirects.shown()
        if query.q:
            statement = statement.where(redirects.containing(query.q))
        if query.match is not None:
            statement = statement.where(Redirect.match == query.match)
        page = await fetch_page(self._unit.session, statement, redirects.BY_SOURCE, query)
        return PageResult([RedirectOut.of(*row[:3]) for row in page.items], page.next_cursor)

    async def get(self, redirect_id: int) -> RedirectOut:
        """One redirect. Raises `RedirectNotFound`."""
        found = (await self._unit.session.execute(redirects.shown().where(Redirect.id == redirect_id))).one_or_none()
        if found is None:
            raise RedirectNotFound
        return RedirectOut.of(*found)

    async def create(self, by: Principal | None, data: RedirectInput) -> RedirectOut:
        """Add a redirect. Raises `RedirectExists` or `RedirectLoop`."""
        await lock_redirects(self._unit.session)
        redirect = Redirect(**data.model_dump(), created_by_id=by.id if by else None)
        redirect.target = stored_target(redirect.target, self._unit.settings)
        self._unit.session.add(redirect)
        with translating(UNIQUE):
            await self._unit.session.flush()
        await require_no_loop(self._unit.session, [(redirect.source, redirect.match)])
        self._record(actions.REDIRECT_CREATED, by, redirect, status=redirect.status, target=redirect.target)
        return await self.get(redirect.id)

    async def change(self, by: Principal | None, redirect_id: int, data: RedirectUpdate) -> RedirectOut:
        """Change a redirect. Raises `RedirectNotFound`, `ImpossibleRedirect` and what `create` raises."""
        redirect = await self._required(redirect_id)
        before = (redirect.source, redirect.match)
        self._apply(redirect, data)
        with translating(UNIQUE):
            await self._unit.session.flush()
        # Whatever the old source has hidden is in force now.
        await require_no_loop(self._unit.session, [before, (redirect.source, redirect.match)])
        self._record(actions.REDIRECT_CHANGED, by, redirect, fields=sorted(data.model_fields_set))
        return await self.get(redirect.id)

    def _apply(self, redirect: Redirect, data: RedirectUpdate) -> None:
        for name in data.model_fields_set - {"target"}:
            setattr(redirect, name, getattr(data, name))
        if "target" in data.model_fields_set:
            redirect.target = stored_target(data.target, self._unit.settings)
            redirect.article_id = None
        elif redirect.status == GONE:
            redirect.target = redirect.article_id = None
        # Of an article, the path is as good as any.
        target = redirect.target if redirect.article_id is None else "/"
        if problem := why_impossible(redirect.source, redirect.match, target, redirect.status):
            self._unit.must_roll_back = True
            raise ImpossibleRedirect(problem)

    async def delete(self, by: Principal | None, redirect_id: int) -> None:
        """Delete a redirect.

        Raises `RedirectNotFound`, or `RedirectLoop` if it has kept others from leading in a circle.
        """
        redirect = await self._required(redirect_id)
        self._record(actions.REDIRECT_DELETED, by, redirect, status=redirect.status, target=redirect.target)
        await self._unit.session.delete(redirect)
        await self._unit.session.flush()
        await require_no_loop(self._unit.session, [(redirect.source, redirect.match)])

    async def delete_from(self, by: Principal | None, source: str, match: RedirectMatch) -> None:
        """The same for the redirect from this path."""
        wanted = redirects.shown().where(Redirect.source == source, Redirect.match == match)
        found = (await self._unit.session.execute(wanted)).one_or_none()
        if found is None:
            raise RedirectNotFound
        await self.delete(by, found[0].id)

    async def _required(self, redirect_id: int) -> Redirect:
        redirect = await self._locked(redirect_id)
        tag = redirect_validator(redirect.id, redirect.updated_at)
        await self._unit.preconditions.require(lambda: self.get(redirect_id), tag)
        return redirect

    async def _locked(self, redirect_id: int) -> Redirect:
        await lock_redirects(self._unit.session)
        redirect = await self._unit.session.get(Redirect, redirect_id, populate_existing=True)
        if redirect is None:
            raise RedirectNotFound
        return redirect

    def _record(self, action: Action, by: Principal | None, redirect: Redirect, **details: Any) -> None:
        actor = by.account if by else None
        details = {"source": redirect.source, "match": redirect.match.value, **details}
        self._unit.audit.record(action, actor=actor, subject=redirect, **details)
