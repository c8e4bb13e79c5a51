"""Schedules of articles."""

from fastapi import APIRouter

from app.accounts.errors import NOT_IN_ROLE
from app.api.body_last import BodyLastRoute
from app.api.deps import AccountDep, ServicesDep, SlugPath, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.content.errors import FORMER, ArticleNotFound, ScheduleNotFound
from app.content.limits import CONTENT_CHANGES_OF_ACCOUNT
from app.content.schemas.schedules import ScheduleOut

_EDITING = (*NOT_IN_ROLE, ArticleNotFound, ScheduleNotFound)
_changes = [limited_by_account(CONTENT_CHANGES_OF_ACCOUNT)]
router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/articles/{slug}/schedule",
    tags=[Tag("schedules", "When drafts are published, and when articles are drafts again.")],
)


@router.get("", responses=raises(*_EDITING, *FORMER))
async def read_schedule(services: ServicesDep, account: AccountDep, slug: SlugPath) -> ScheduleOut:
    """Show what is scheduled for an article, to those who may change it."""
    return await services.content.schedules.get(account, slug)


@router.delete("", dependencies=_changes, status_code=204, responses=raises(*_EDITING))
async def withdraw_schedule(services: ServicesDep, account: AccountDep, slug: SlugPath) -> None:
    """Withdraw what is scheduled for an article. The text that was to be published stays in its history."""
    await services.content.schedules.withdraw(account, slug)
