"""Comments."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.errors import NOT_IN_ROLE, NOT_VERIFIED
from app.api.body_last import BodyLastRoute
from app.api.deps import ActorDep, IdPath, NextLinkDep, ServicesDep, SlugPath, idempotent, limited, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response, page_response
from app.api.route_rules import private, public
from app.comments.errors import CommentNotFound, EmptyComment, ParentCommentNotFound, ThreadTooDeep
from app.comments.limits import COMMENT, COMMENT_CHANGES_OF_ACCOUNT, COMMENT_EDITS_OF_ACCOUNT, COMMENTS_OF_ACCOUNT
from app.comments.schemas import (
    CommentInput,
    CommentListQuery,
    CommentOut,
    CommentPage,
    CommentUpdate,
    ModeratedCommentPage,
    ModerationQuery,
)
from app.content.errors import FORMER, ArticleNotFound, RenderingUnavailable, TooComplex
from app.core.errors import InvalidCursor
from app.core.roles import Role

_EDITING = (*NOT_IN_ROLE, CommentNotFound)
_RENDERING = (EmptyComment, TooComplex, RenderingUnavailable)
_changes = [limited_by_account(COMMENT_CHANGES_OF_ACCOUNT)]
router = APIRouter(
    route_class=BodyLastRoute, tags=[Tag("comments", "Comments on articles, in threads, and their moderation.")]
)


@router.get(
    "/articles/{slug}/comments",
    response_model=CommentPage,
    responses=raises(ArticleNotFound, *FORMER, InvalidCursor),
)
@public
async def list_comments(
    request: Request,
    services: ServicesDep,
    actor: ActorDep,
    slug: SlugPath,
    query: Annotated[CommentListQuery, Query()],
) -> Response:
    """List the comments on an article in thread order: each is followed by its replies."""
    return page_response(request, await services.comments.list(actor, slug, query))


@router.post(
    "/articles/{slug}/comments",
    status_code=201,
    dependencies=[limited(COMMENT), limited_by_account(COMMENTS_OF_ACCOUNT), idempotent(Role.READER)],
    responses=raises(
        *NOT_VERIFIED,
        ArticleNotFound,
        ParentCommentNotFound,
        ThreadTooDeep,
        *_RENDERING,
    ),
)
async def create_comment(services: ServicesDep, actor: ActorDep, slug: SlugPath, data: CommentInput) -> CommentOut:
    """Comment on an article, or reply to a comment on it."""
    return CommentOut.model_validate(await services.comments.create(actor, slug, data))


@router.get("/comments", response_model=ModeratedCommentPage, responses=raises(*NOT_IN_ROLE, InvalidCursor))
@private
async def list_comments_for_moderation(
    services: ServicesDep, actor: ActorDep, link: NextLinkDep, query: Annotated[ModerationQuery, Query()]
) -> Any:
    """List the comments of the whole blog, newest first. Editors only."""
    return link.on(await services.comments.moderate(actor, query))


@router.get("/comments/{comment_id}", response_model=CommentOut, responses=raises(CommentNotFound))
@public
async def read_comment(services: ServicesDep, actor: ActorDep, comment_id: IdPath) -> Response:
    """Show one comment."""
    return json_response(await services.comments.get(actor, comment_id))


@router.patch(
    "/comments/{comment_id}",
    dependencies=[limited(COMMENT), limited_by_account(COMMENT_EDITS_OF_ACCOUNT)],
    responses=raises(*_EDITING, *_RENDERING),
)
async def update_comment(services: ServicesDep, actor: ActorDep, comment_id: IdPath, data: CommentUpdate) -> CommentOut:
    """Edit your own comment."""
    return CommentOut.model_validate(await services.comments.update(actor, comment_id, data))


@router.delete("/comments/{comment_id}", dependencies=_changes, status_code=204, responses=raises(*_EDITING))
async def delete_comment(services: ServicesDep, actor: ActorDep, comment_id: IdPath) -> None:
    """Delete a comment. Its replies stay."""
    await services.comments.delete(actor, comment_id)


@router.put("/comments/{comment_id}/restoration", dependencies=_changes, responses=raises(*_EDITING))
async def restore_comment(services: ServicesDep, actor: ActorDep, comment_id: IdPath) -> CommentOut:
    """Restore a deleted comment. Editors only."""
    return CommentOut.model_validate(await services.comments.restore(actor, comment_id))
