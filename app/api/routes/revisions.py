"""The history of articles."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import StrictInt

from app.accounts.errors import NOT_IN_ROLE
from app.api.body_last import BodyLastRoute
from app.api.deps import AccountDep, NextLinkDep, ServicesDep, SlugPath, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.routes.drafts import shown_draft
from app.content.errors import (
    FORMER,
    ArticleNotFound,
    ComparisonUnavailable,
    RenderingUnavailable,
    RevisionDamaged,
    RevisionNotFound,
    TooComplex,
)
from app.content.limits import COMPARISONS_OF_ACCOUNT, CONTENT_CHANGES_OF_ACCOUNT
from app.content.schemas.comparisons import MAX_NUMBER, RevisionDiff
from app.content.schemas.drafts import DraftOut
from app.content.schemas.revisions import RevisionListQuery, RevisionOut, RevisionPage, RevisionUpdate
from app.core.errors import InvalidCursor
from app.core.schemas.base import number_in_text

_EDITING = (*NOT_IN_ROLE, ArticleNotFound)
_changes = [limited_by_account(CONTENT_CHANGES_OF_ACCOUNT)]
NumberPath = Annotated[StrictInt, Path(ge=1, le=MAX_NUMBER, examples=[7]), number_in_text]
router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/articles/{slug}/revisions",
    tags=[
        Tag("revisions", "The history of an article: every save that changed something, for those who may change it.")
    ],
)


@router.get("", responses=raises(*_EDITING, *FORMER, InvalidCursor))
async def list_revisions(
    services: ServicesDep,
    account: AccountDep,
    slug: SlugPath,
    query: Annotated[RevisionListQuery, Query()],
    link: NextLinkDep,
) -> RevisionPage:
    """List the history of an article, the newest revision first."""
    return RevisionPage.model_validate(link.on(await services.content.revisions.list(account, slug, query)))


@router.get("/{number}", responses=raises(*_EDITING, *FORMER, RevisionNotFound, RevisionDamaged))
async def read_revision(services: ServicesDep, account: AccountDep, slug: SlugPath, number: NumberPath) -> RevisionOut:
    """Show a revision with its text."""
    return await services.content.revisions.get(account, slug, number)


@router.get(
    "/{old}/diff/{new}",
    dependencies=[limited_by_account(COMPARISONS_OF_ACCOUNT)],
    responses=raises(*_EDITING, *FORMER, RevisionNotFound, RevisionDamaged, ComparisonUnavailable),
)
async def compare_revisions(
    services: ServicesDep, account: AccountDep, slug: SlugPath, old: NumberPath, new: NumberPath
) -> RevisionDiff:
    """Show what turns one revision into another, whichever is older."""
    return await services.content.comparisons.diff(account, slug, old, new)


@router.patch("/{number}", dependencies=_changes, responses=raises(*_EDITING, RevisionNotFound, RevisionDamaged))
async def name_revision(
    services: ServicesDep, account: AccountDep, slug: SlugPath, number: NumberPath, data: RevisionUpdate
) -> RevisionOut:
    """Give a revision a name. It stays for ever then."""
    return await services.content.revisions.name(account, slug, number, data)


@router.put(
    "/{number}/restoration",
    response_model=DraftOut,
    dependencies=_changes,
    responses=raises(*_EDITING, RevisionNotFound, RevisionDamaged, TooComplex, RenderingUnavailable),
)
async def restore_revision(services: ServicesDep, account: AccountDep, slug: SlugPath, number: NumberPath) -> Response:
    """Make a revision the draft again, under the present slug. This publishes nothing."""
    return shown_draft(await services.content.revisions.restore(account, slug, number))
