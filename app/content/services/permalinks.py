"""What has become of slugs."""

from sqlalchemy import String, bindparam, select

from app.accounts.policies.actors import Actor, is_editor
from app.content.models import Article, ArticleStatus, Category
from app.content.queries import article_rows, articles, authors, tags
from app.core.errors import Gone, NotFound
from app.db.compiled_selects import CompiledSelect
from app.unit_of_work import UnitOfWork

_DELETED = CompiledSelect(
    select(Article.id).where(
        Article.slug == bindparam("slug", type_=String()),
        Article.status == ArticleStatus.PUBLISHED,
        Article.deleted_at.is_not(None),
    )
)
_CATEGORY = CompiledSelect(select(Category.id).where(Category.slug == bindparam("slug", type_=String())))


class Permalinks:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def present_slug(self, actor: Actor, resource: str, slug: str) -> str:
        """The slug under which it is now. Raises `Gone` or `NotFound`."""
        query = {
            "article": article_rows.id_by_slug(articles.viewer_of(actor)),
            "tag": tags.with_slug(unused=is_editor(actor)),
            "category": _CATEGORY,
            "author": authors.WITH_USERNAME,
        }[resource]
        values = {"slug": slug, "username": slug, "actor_id": actor.id if actor else None}
        if await self._unit.rows.fetch(query, values):
            return slug
        if resource == "article" and await self._unit.rows.fetch(_DELETED, {"slug": slug}):
            raise Gone
        raise NotFound
