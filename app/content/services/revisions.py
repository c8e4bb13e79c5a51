"""The history of an article, for those who may change it."""

from app.accounts.policies.actors import Actor, require_account
from app.content.errors import RevisionNotFound
from app.content.models import Article, Revision
from app.content.queries import revisions
from app.content.rendering import rendered_article
from app.content.revision_bodies import body_of, snapshot_of
from app.content.schemas.articles import CategoryRef
from app.content.schemas.authors import AuthorSummary
from app.content.schemas.drafts import DraftOut
from app.content.schemas.revisions import RevisionListQuery, RevisionOut, RevisionSummary, RevisionUpdate
from app.content.services.article_access import ArticleAccess
from app.content.services.drafts import DraftService
from app.content.thinning import first_question
from app.db.paging import PageResult, fetch_entities
from app.db.session import reading
from app.unit_of_work import UnitOfWork


class RevisionService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)
        self._drafts = DraftService(unit)

    async def list(self, actor: Actor, slug: str, query: RevisionListQuery) -> PageResult[RevisionSummary]:
        """The newest first. Raises `ArticleNotFound`, `Moved`, `Gone`, `Forbidden` or `InvalidCursor`."""
        article = await self._access.to_show(actor, slug)
        page = await fetch_entities(self._unit.session, revisions.of_article(article.id), revisions.NEWEST, query)
        return PageResult([RevisionSummary.model_validate(each) for each in page.items], page.next_cursor)

    async def get(self, actor: Actor, slug: str, number: int) -> RevisionOut:
        """Raises `ArticleNotFound`, `Moved`, `Gone`, `Forbidden` or `RevisionNotFound`."""
        article = await self._access.to_show(actor, slug)
        return _shown(await self.found(article, number))

    async def name(self, actor: Actor, slug: str, number: int, data: RevisionUpdate) -> RevisionOut:
        """Give a revision a name, by which it stays for ever. Raises what `get` does."""
        article = await self._access.to_change(actor, slug)
        revision = await self.found(article, number)
        if revision.superseded_at is not None:
            # Another stands for it already, and it is about to be removed.
            raise RevisionNotFound
        await self._unit.preconditions.require(lambda: self._seen(revision))
        revision.name = data.name
        # Whether it stays without a name is asked again.
        revision.thin_out_at = first_question(revision.created_at)
        await self._unit.session.flush()
        return _shown(revision)

    async def restore(self, actor: Actor, slug: str, number: int) -> DraftOut:
        """Make a revision the draft again, without publishing it; its slug stays a former one.

        Raises what `get` does, and `TooComplex`, `RenderingUnavailable` or `PreconditionFailed`.
        """
        account = require_account(actor)
        async with reading(self._unit.session):
            article = await self._access.to_read(actor, slug)
            text = snapshot_of(await self.found(article, number))
        # Anew: what it was rendered to then may not be what it is rendered to now.
        rendered = await rendered_article(text.body_markdown, account.id)
        return await self._drafts.restore(actor, slug, text, rendered)

    async def _seen(self, revision: Revision) -> RevisionOut:
        return _shown(revision)

    async def found(self, article: Article, number: int) -> Revision:
        """One revision of an article, with its text. Raises `RevisionNotFound`."""
        revision = await self._unit.session.scalar(revisions.numbered(article.id, number))
        if revision is None:
            raise RevisionNotFound
        return revision


def _shown(revision: Revision) -> RevisionOut:
    return RevisionOut(
        **RevisionSummary.model_validate(revision).model_dump(exclude={"by"}),
        by=AuthorSummary.model_validate(revision.by) if revision.by else None,
        slug=revision.slug,
        body_markdown=body_of(revision),
        excerpt=revision.given_excerpt,
        language=revision.language,
        cover_image_url=revision.cover_image_url,
        category=CategoryRef.model_validate(revision.category) if revision.category else None,
        tags=revision.tags,
        kind=revision.kind,
        visibility=revision.visibility,
    )
