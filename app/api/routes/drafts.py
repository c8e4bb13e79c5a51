"""Drafts of articles."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.accounts.errors import NOT_IN_ROLE
from app.api.body_last import BodyLastRoute
from app.api.deps import AccountDep, ServicesDep, SlugPath, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response
from app.api.route_rules import CREATES_NOTHING, no_idempotency_key
from app.content.errors import (
    FORMER,
    ArticleNotFound,
    ComparisonUnavailable,
    DraftNotFound,
    NothingPublished,
    RenderingUnavailable,
    RevisionDamaged,
    RevisionNotFound,
    SlugTaken,
    TooComplex,
    UnknownCategory,
)
from app.content.limits import CONTENT_CHANGES_OF_ACCOUNT
from app.content.schemas.articles import MAX_ARTICLE_BYTES, ArticleUpdate, article_validator
from app.content.schemas.comparisons import MergeInput, MergeOut
from app.content.schemas.drafts import DraftInput, DraftOut
from app.core.errors import PreconditionRequired
from app.core.schemas.base import TextBool

_EDITING = (*NOT_IN_ROLE, ArticleNotFound)
_SAVING = (*_EDITING, SlugTaken, UnknownCategory, TooComplex, RenderingUnavailable)
_changes = [limited_by_account(CONTENT_CHANGES_OF_ACCOUNT)]
router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/articles/{slug}/draft",
    tags=[
        Tag(
            "drafts",
            "What is written and not published yet: beside a published article its working copy, and otherwise the "
            "article itself.",
        )
    ],
)
IsAutosave = Annotated[
    TextBool,
    Query(alias="autosave", description="Autosaves of one person within ten minutes are one revision."),
]


@router.get("", response_model=DraftOut, responses=raises(*_EDITING, *FORMER, DraftNotFound))
async def read_draft(services: ServicesDep, account: AccountDep, slug: SlugPath) -> Response:
    """Show the draft of an article, to those who may change it."""
    return shown_draft(await services.content.drafts.get(account, slug))


@router.put(
    "",
    response_model=DraftOut,
    dependencies=_changes,
    max_body_size=MAX_ARTICLE_BYTES,
    responses=raises(*_SAVING, PreconditionRequired),
)
async def replace_draft(
    services: ServicesDep, account: AccountDep, slug: SlugPath, data: DraftInput, is_autosave: IsAutosave = False
) -> Response:
    """Save a whole draft. Readers of a published article see nothing of it until it is published."""
    return shown_draft(await services.content.drafts.replace(account, slug, data, is_autosave=is_autosave))


@router.patch(
    "", response_model=DraftOut, dependencies=_changes, max_body_size=MAX_ARTICLE_BYTES, responses=raises(*_SAVING)
)
async def update_draft(
    services: ServicesDep, account: AccountDep, slug: SlugPath, data: ArticleUpdate, is_autosave: IsAutosave = False
) -> Response:
    """Change fields of a draft; one of a published article begins with what readers see."""
    return shown_draft(await services.content.drafts.update(account, slug, data, is_autosave=is_autosave))


@router.delete("", dependencies=_changes, status_code=204, responses=raises(*_EDITING, DraftNotFound, NothingPublished))
async def discard_draft(services: ServicesDep, account: AccountDep, slug: SlugPath) -> None:
    """Discard the draft of a published article. Its revisions stay."""
    await services.content.drafts.discard(account, slug)


@router.post(
    "/merges",
    response_model=MergeOut,
    dependencies=_changes,
    max_body_size=MAX_ARTICLE_BYTES,
    responses=raises(*_EDITING, RevisionNotFound, RevisionDamaged, ComparisonUnavailable),
)
@no_idempotency_key(CREATES_NOTHING)
async def merge_draft(services: ServicesDep, account: AccountDep, slug: SlugPath, data: MergeInput) -> Response:
    """Merge a text with what the draft has become meanwhile. Nothing is saved."""
    merge = await services.content.comparisons.merge(account, slug, data)
    return json_response(merge, merge.etag.strip('"'))


def shown_draft(draft: DraftOut) -> Response:
    """A draft, with the tag of its version."""
    return json_response(draft, article_validator(draft.id, draft.version))
