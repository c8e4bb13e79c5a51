"""What is at an address, or where it has gone: for front ends, and for requests that no route serves."""

from dataclasses import dataclass

from app.accounts.policies.actors import Actor
from app.content.models.redirect import GONE
from app.content.queries import redirects
from app.content.queries.redirects import FoundRedirect
from app.content.schemas.redirects import AddressOut
from app.content.services.categories import CategoryService
from app.content.services.own_addresses import Address, address_at
from app.content.services.permalinks import Permalinks
from app.content.services.redirect_hits import RedirectHits
from app.core.errors import Gone, NotFound
from app.core.site_paths import path_in
from app.unit_of_work import UnitOfWork

_MOVED = 308


@dataclass(frozen=True)
class Redirection:
    """To be answered with this status; `location` is None if what was there is gone."""

    status: int
    location: str | None


_GONE = Redirection(GONE, None)


class Resolver:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._permalinks = Permalinks(unit)
        self._categories = CategoryService(unit)

    async def resolve(self, actor: Actor, requested: str) -> AddressOut | Redirection:
        """What is at this path for the actor. Raises `NotFound`.

        An exact redirect comes first, then what the blog has or had there, then the longest prefix.
        """
        path = path_in(requested)
        if path is None:
            raise NotFound
        found = await self._matching(path)
        if found and found.is_exact and (redirection := await self._followed(actor, path, found)):
            return redirection
        if there := await self._blogs_own(actor, path):
            return there
        if found and not found.is_exact and (redirection := await self._followed(actor, path, found)):
            return redirection
        raise NotFound

    async def redirected(self, actor: Actor, requested: str) -> Redirection | None:
        """Where a redirect leads from this path, if there is one."""
        path = path_in(requested)
        found = await self._matching(path) if path is not None else None
        return await self._followed(actor, path, found) if path is not None and found is not None else None

    async def _matching(self, path: str) -> FoundRedirect | None:
        return redirects.best(await self._unit.rows.fetch(redirects.MATCHING, redirects.sources_for(path)))

    async def _followed(self, actor: Actor, path: str, found: FoundRedirect) -> Redirection | None:
        """None if it leads nowhere: to where one is already, or to an article that does not exist for the actor."""
        target = found.target_for(path)
        there = await self._blogs_own(actor, target) if target is not None else None
        if found.slug is not None and there is None:
            return None
        answer = Redirection(found.status, target)
        if isinstance(there, Redirection) and (found.slug is not None or there.location is not None):
            # One step instead of two, or what an article that is gone is.
            answer = there if there.location is None else Redirection(found.status, there.location)
        if answer.location is not None and path_in(answer.location) == path:
            return None
        self._unit.process.share(RedirectHits).count(found.id)
        return answer

    async def _blogs_own(self, actor: Actor, path: str) -> AddressOut | Redirection | None:
        """What the blog has at this address, or where that has gone; None if it never had anything there."""
        address = address_at(path)
        if address is None:
            return None
        try:
            slug = await self._permalinks.present_slug(actor, address.kind, address.slug)
        except Gone:
            return _GONE
        except NotFound:
            return None
        present = await self._path_of(address.with_slug(slug))
        if present != path:
            return Redirection(_MOVED, present)
        return AddressOut(resource=address.kind, slug=slug, path=path)

    async def _path_of(self, address: Address) -> str:
        return f"{address.before}{await self._categories.path_of(address.slug)}" if address.is_nested else address.path
