"""The slugs of articles."""

from collections.abc import Collection

from app.unit_of_work import UnitOfWork


class ArticleSlugs:
    """For now, the column of the articles is all that says whose a slug is."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def hold(self, article_id: int, slug: str) -> None: ...

    async def release(self, article_id: int, keep: Collection[str]) -> None: ...

    async def open(self, article_id: int, slug: str) -> None: ...
