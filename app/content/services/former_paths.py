"""Redirects from the paths that an article had on another site, created when it is imported."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from app.content.models import Article, Redirect, RedirectMatch
from app.content.services.own_addresses import address_at
from app.content.services.redirect_rules import lock_redirects
from app.core.site_paths import normal_path
from app.unit_of_work import UnitOfWork

_STATUS = 301
NOTE = "From an import"
# Of a path that is none.
_SHOWN = 80


class _Obstacle(Exception):
    """Why a path cannot lead to an article."""


class FormerPaths:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def lock(self) -> None:
        """To be called before the article is locked."""
        await lock_redirects(self._unit.session)

    async def lead_to(self, article: Article, paths: Sequence[str]) -> Sequence[str]:
        """Lead from these paths to the article, whatever slug it gets; returns what is to be said of that."""
        await self._make_way(article)
        free, notes = await self.free(article.slug, article.id, paths)
        for source in free:
            self._unit.session.add(
                Redirect(source=source, match=RedirectMatch.EXACT, article_id=article.id, status=_STATUS, note=NOTE)
            )
        await self._unit.session.flush()
        return notes

    async def free(
        self, slug: str, article_id: int | None, paths: Sequence[str], taken: Collection[str] = ()
    ) -> tuple[list[str], list[str]]:
        """Which of these paths can lead to an article with this slug, and what is to be said of them and the others.

        `taken` are those that are about to lead elsewhere.
        """
        free: dict[str, None] = {}
        notes = []
        for path in paths:
            try:
                source = normal_path(path)
                if source not in free and await self._is_free(source, slug, article_id, taken):
                    free[source] = None
            except (ValueError, _Obstacle) as error:
                notes.append(f"no redirect from {path[:_SHOWN]}: it {error}")
        return list(free), [*([f"redirects from {', '.join(free)}"] if free else []), *notes]

    async def _is_free(self, source: str, slug: str, article_id: int | None, taken: Collection[str]) -> bool:
        """Whether this path is to lead to the article; False if it does so already. Raises `_Obstacle`."""
        if source == f"/{slug}":
            return False
        if redirect := await self._from(source):
            if redirect.target == f"/{slug}" or (article_id is not None and redirect.article_id == article_id):
                return False
            raise _Obstacle("leads elsewhere already")
        if source in taken:
            raise _Obstacle("leads to another post")
        if await self._is_taken(source, article_id):
            raise _Obstacle("is the address of another article")
        if await self._from(f"/{slug}"):
            raise _Obstacle("would be led on from the article itself")
        return True

    async def _make_way(self, article: Article) -> None:
        """Where an article is now, no other one was: what an earlier import has said goes."""
        there = await self._from(f"/{article.slug}")
        if there is not None and there.article_id is not None:
            await self._unit.session.delete(there)
            await self._unit.session.flush()

    async def _from(self, source: str) -> Redirect | None:
        there = select(Redirect).where(Redirect.source == source, Redirect.match == RedirectMatch.EXACT)
        return (await self._unit.session.scalars(there)).one_or_none()

    async def _is_taken(self, source: str, article_id: int | None) -> bool:
        address = address_at(source)
        if address is None or address.kind != "article":
            return False
        there = select(Article.id).where(Article.slug == address.slug, Article.id != (article_id or 0))
        return await self._unit.session.scalar(there) is not None
