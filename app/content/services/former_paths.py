"""Redirects from the paths that an article had on another site, created when it is imported."""

from collections.abc import Sequence

from sqlalchemy import select

from app.content.models import Article, Redirect, RedirectMatch
from app.content.queries import redirects
from app.content.services.own_addresses import address_at
from app.content.services.redirect_rules import lock_redirects
from app.core.site_paths import normal_path
from app.unit_of_work import UnitOfWork

_STATUS = 301
NOTE = "From an import"


class FormerPaths:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def lock(self) -> None:
        """To be called before the article is locked."""
        await lock_redirects(self._unit.session)

    async def lead_to(self, article: Article, paths: Sequence[str]) -> Sequence[str]:
        """Lead from these paths to the article, whatever slug it gets; returns what is to be said of that."""
        free, notes = await self.free(article.slug, article.id, paths)
        for source in free:
            self._unit.session.add(
                Redirect(source=source, match=RedirectMatch.EXACT, article_id=article.id, status=_STATUS, note=NOTE)
            )
        await self._unit.session.flush()
        return notes

    async def free(self, slug: str, article_id: int | None, paths: Sequence[str]) -> tuple[list[str], list[str]]:
        """Which of these paths can lead to an article with this slug, and what is to be said of them and the others."""
        free: dict[str, None] = {}
        notes = []
        for path in paths:
            try:
                source = normal_path(path)
            except ValueError as error:
                notes.append(f"no redirect from {path[:60]!r}: it {error}")
                continue
            if source in free or source == f"/{slug}":
                continue
            match await self._obstacle(source, slug, article_id):
                case None:
                    free[source] = None
                case "":
                    pass
                case obstacle:
                    notes.append(f"no redirect from {source}: {obstacle}")
        return list(free), [*([f"redirects from {', '.join(free)}"] if free else []), *notes]

    async def _obstacle(self, source: str, slug: str, article_id: int | None) -> str | None:
        """Why this path cannot lead to the article; empty if it does already."""
        session = self._unit.session
        there = select(Redirect).where(Redirect.source == source, Redirect.match == RedirectMatch.EXACT)
        if redirect := (await session.scalars(there)).one_or_none():
            leads_here = redirect.target == f"/{slug}" or (article_id is not None and redirect.article_id == article_id)
            return "" if leads_here else "there is another redirect from there"
        if await self._is_taken(source, article_id):
            return "another article is there"
        return await self._leads_on(f"/{slug}")

    async def _leads_on(self, path: str) -> str | None:
        rows = await self._unit.rows.fetch(redirects.MATCHING, redirects.sources_for(path))
        return "a redirect leads on from its article" if redirects.best(rows) else None

    async def _is_taken(self, source: str, article_id: int | None) -> bool:
        address = address_at(source)
        if address is None or address.kind != "article":
            return False
        there = select(Article.id).where(Article.slug == address.slug, Article.id != (article_id or 0))
        return await self._unit.session.scalar(there) is not None
