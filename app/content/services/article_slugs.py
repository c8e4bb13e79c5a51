"""The slugs of articles: reserved when they are saved, and answered for ever once they were public."""

from collections.abc import Collection

from app.content.errors import SlugTaken
from app.content.models import Article, Visibility
from app.content.queries import article_slugs
from app.unit_of_work import UnitOfWork


class ArticleSlugs:
    """Whose a slug is. One is locked from when an article asks for it, so that of two that do, one gets it.

    Ask for it before anything else of an article is written, so that whoever waits for it has locked nothing yet that
    the other needs.
    """

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def claim(self, slug: str, *, takes_over: bool) -> None:
        """Lock a slug for a new article, which is to hold it as soon as it has an id.

        Raises `SlugTaken`, unless `takes_over` also for a slug that another article gave up and that still leads to it.
        """
        # What is waiting to be stored may be what is not to be stored before this.
        with self._unit.session.no_autoflush:
            await self._unit.session.execute(article_slugs.claiming(slug, self._dialect))
            found = (await self._unit.session.execute(article_slugs.locking(slug))).one_or_none()
            if found is None or (found.leads_to is not None and not takes_over):
                # It is somebody else's, or was until this moment.
                raise SlugTaken(field="slug")
            if found.held_by is not None and not await self._reclaim(None, slug):
                raise SlugTaken(field="slug")

    async def hold(self, article_id: int, slug: str) -> None:
        """Reserve a slug for an article. Raises `SlugTaken`."""
        with self._unit.session.no_autoflush:
            found = await self._unit.session.scalar(article_slugs.holding(slug, article_id, self._dialect))
            if found is None and not await self._reclaim(article_id, slug):
                raise SlugTaken(field="slug")

    async def _reclaim(self, article_id: int | None, slug: str) -> bool:
        """Whether it turns out that nobody needs a slug which somebody holds."""
        reclaiming = article_slugs.reclaiming(slug, article_id)
        unsynchronised = {"synchronize_session": False}
        return await self._unit.session.scalar(reclaiming, execution_options=unsynchronised) is not None

    async def open(self, article: Article) -> None:
        """Note that the article can be found under its slug from now on, by everybody or by members."""
        to_everybody = article.visibility is not Visibility.MEMBERS
        await self._unit.session.execute(article_slugs.remembering(article.slug, article.id, self._dialect))
        opening = article_slugs.opening(article.slug, article.id, self._dialect, to_everybody=to_everybody)
        await self._unit.session.execute(opening)

    async def release(self, article_id: int, keep: Collection[str]) -> None:
        """Give up all slugs of an article but these; those under which it was public go on leading to it."""
        unsynchronised = {"synchronize_session": False}
        for statement in (article_slugs.forgetting(article_id, keep), article_slugs.giving_up(article_id, keep)):
            await self._unit.session.execute(statement, execution_options=unsynchronised)

    async def leave(self, author_id: int) -> None:
        """Forget the slugs of articles that are about to go with their author, unless they were public."""
        await self._unit.session.execute(
            article_slugs.left_by(author_id), execution_options={"synchronize_session": False}
        )

    @property
    def _dialect(self) -> str:
        return self._unit.session.get_bind().dialect.name
