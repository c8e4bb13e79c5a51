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

    async def hold(self, article_id: int | None, slug: str, *, takes_over: bool = True) -> None:
        """Reserve a slug for an article, or lock it for a new one that has no id yet.

        Raises `SlugTaken`, unless `takes_over` also for a slug that another article gave up and that still leads to it.
        """
        holding = article_slugs.holding(slug, article_id, self._dialect, takes_over=takes_over)
        # What is waiting to be stored may be what is not to be stored before this.
        with self._unit.session.no_autoflush:
            held = await self._unit.session.scalar(holding)
            if held is None and takes_over:
                # It is locked by now, so that this sees whatever its holder has committed.
                held = await self._unit.session.scalar(
                    article_slugs.reclaiming(slug, article_id), execution_options={"synchronize_session": False}
                )
        if held is None:
            raise SlugTaken(field="slug")

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
