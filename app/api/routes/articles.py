"""Articles."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response

from app.accounts.errors import NOT_IN_ROLE
from app.api.body_last import BodyLastRoute
from app.api.deps import ActorDep, ServicesDep, SlugPath, idempotent, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response, page_response
from app.api.route_rules import public
from app.content.errors import (
    FORMER,
    ArticleNotFound,
    DraftExists,
    NothingToPublish,
    PublicationInFuture,
    RenderingUnavailable,
    ScheduledTooEarly,
    ScheduledTooLate,
    ScheduleEndsFirst,
    SlugTaken,
    TooComplex,
    UnknownCategory,
)
from app.content.limits import CONTENT_CHANGES_OF_ACCOUNT
from app.content.schemas.articles import (
    MAX_ARTICLE_BYTES,
    ArticleInput,
    ArticleListQuery,
    ArticleOut,
    ArticlePage,
    ArticleUpdate,
    DraftFate,
    PublicationInput,
    article_validator,
)
from app.content.schemas.schedules import ScheduledArticleOut
from app.core.errors import InvalidCursor
from app.core.roles import Role

_EDITING = (*NOT_IN_ROLE, ArticleNotFound)
_PUBLISHING = (
    PublicationInFuture,
    SlugTaken,
    ScheduledTooEarly,
    ScheduledTooLate,
    ScheduleEndsFirst,
    NothingToPublish,
)
_changes = [limited_by_account(CONTENT_CHANGES_OF_ACCOUNT)]
router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/articles",
    tags=[Tag("articles", "What the blog has published, and the drafts of its authors.")],
)

DraftFatePart = Annotated[
    DraftFate | None,
    Query(description="What becomes of the draft of a published article, if it has one. Required then."),
]


@router.get(
    "",
    response_model=ArticlePage,
    responses=raises(*NOT_IN_ROLE, InvalidCursor),
)
@public
async def list_articles(
    request: Request, services: ServicesDep, actor: ActorDep, query: Annotated[ArticleListQuery, Query()]
) -> Response:
    """List articles, without their bodies."""
    return page_response(request, await services.content.articles.list(actor, query))


@router.post(
    "",
    response_model=ArticleOut,
    dependencies=[*_changes, idempotent(Role.AUTHOR)],
    status_code=201,
    max_body_size=MAX_ARTICLE_BYTES,
    responses=raises(*NOT_IN_ROLE, SlugTaken, UnknownCategory, TooComplex, RenderingUnavailable),
)
async def create_article(services: ServicesDep, actor: ActorDep, data: ArticleInput) -> Response:
    """Create an article. It is a draft unless `status` says otherwise."""
    return _shown(await services.content.writing.create(actor, data), 201)


@router.get(
    "/{slug}",
    response_model=ArticleOut,
    responses=raises(ArticleNotFound, *FORMER),
)
@public
async def read_article(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> Response:
    """Show an article. Only its author and editors can see a draft."""
    return _shown(await services.content.articles.get(actor, slug))


@router.patch(
    "/{slug}",
    response_model=ScheduledArticleOut,
    dependencies=_changes,
    max_body_size=MAX_ARTICLE_BYTES,
    responses=raises(*_EDITING, DraftExists, SlugTaken, UnknownCategory, TooComplex, RenderingUnavailable),
)
async def update_article(
    services: ServicesDep, actor: ActorDep, slug: SlugPath, data: ArticleUpdate, draft: DraftFatePart = None
) -> Response:
    """Update an article, which readers see at once if it is published. Omitted fields stay unchanged."""
    return _shown(await services.content.writing.update(actor, slug, data, draft))


@router.delete("/{slug}", dependencies=_changes, status_code=204, responses=raises(*_EDITING))
async def delete_article(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> None:
    """Delete an article. Editors can restore it."""
    await services.content.writing.delete(actor, slug)


@router.put(
    "/{slug}/publication",
    response_model=ScheduledArticleOut,
    dependencies=_changes,
    responses=raises(*_EDITING, *_PUBLISHING),
)
async def publish_article(
    services: ServicesDep,
    actor: ActorDep,
    slug: SlugPath,
    data: Annotated[PublicationInput, Body(default_factory=PublicationInput)],
) -> Response:
    """Publish an article or, if it is published, its draft: now, or later as it is now.

    What is scheduled is withdrawn when the article is published by hand, except for its end; and altogether when it is
    unpublished or deleted.
    """
    return _shown(await services.content.publications.publish(actor, slug, data))


@router.delete("/{slug}/publication", dependencies=_changes, status_code=204, responses=raises(*_EDITING))
async def unpublish_article(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> None:
    """Turn an article back into a draft; if it has one already, into that."""
    await services.content.publications.unpublish(actor, slug)


@router.put("/{slug}/restoration", response_model=ArticleOut, dependencies=_changes, responses=raises(*_EDITING))
async def restore_article(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> Response:
    """Restore a deleted article. Editors only."""
    return _shown(await services.content.writing.restore(actor, slug))


def _shown(article: Mapping[str, Any], status: int = 200) -> Response:
    return json_response(article, article_validator(article["id"], article["version"]), status)
