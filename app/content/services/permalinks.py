"""Links that stay: where what was public under a slug is found now."""

from app.accounts.policies.actors import Actor
from app.content.errors import ArticleNotFound, AuthorNotFound, CategoryNotFound, TagNotFound
from app.content.queries import permalinks
from app.content.queries.articles import viewer_of
from app.content.queries.permalinks import Resource
from app.core.errors import AppError, Gone, Moved, NotFound
from app.unit_of_work import UnitOfWork

_NOT_FOUND: dict[Resource, type[NotFound]] = {
    "article": ArticleNotFound,
    "tag": TagNotFound,
    "category": CategoryNotFound,
    "author": AuthorNotFound,
}


class Permalinks:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def present_slug(self, actor: Actor, resource: Resource, slug: str) -> str:
        """The slug of what the actor finds under this one, be it a former one.

        Raises `Gone` if it was public and is deleted, or else the resource's own `NotFound`.
        """
        living, parameter = permalinks.living(resource, viewer_of(actor))
        if await self._unit.rows.fetch(living, {parameter: slug, "actor_id": actor.id if actor else None}):
            return slug
        error = await self.missing(actor, resource, slug)
        if isinstance(error, Moved):
            return error.slug
        raise error

    async def missing(self, actor: Actor, resource: Resource, slug: str) -> AppError:
        """What to raise where the actor finds nothing under a slug: `Moved`, `Gone`, or the resource's `NotFound`.

        For what is read only. Whoever changes something is to know what it is called.
        """
        viewer, values = viewer_of(actor), {"slug": slug, "actor_id": actor.id if actor else None}
        found = [*await self._unit.rows.fetch(permalinks.former(resource, viewer), values)]
        if resource == "article" and found and found[0][0] is None:
            # Others were there before, and lead on where the last one does not.
            found += await self._unit.rows.fetch(permalinks.taken_from(viewer), values)
        present = next((each for each, _ in found if each is not None), None)
        # It may be back since the actor looked for it.
        if present is not None and present != slug:
            return Moved(former=slug, slug=present)
        return Gone() if any(is_gone for _, is_gone in found) else _NOT_FOUND[resource]()
