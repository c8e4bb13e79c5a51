"""Schedules of articles."""

from fastapi import APIRouter

from app.accounts.errors import NOT_IN_ROLE
from app.api.deps import AccountDep, ServicesDep, SlugPath, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.content.errors import ArticleNotFound, ScheduleNotFound
from app.content.limits import CONTENT_CHANGES_OF_ACCOUNT
from app.content.schemas.schedules import ScheduleOut

_raised = raises(*NOT_IN_ROLE, ArticleNotFound, ScheduleNotFound)
router = APIRouter(
    prefix="/articles/{slug}/schedule",
    tags=[Tag("schedules", "When drafts are published, and when articles are drafts again.")],
)


@router.get("", responses=_raised)
async def read_schedule(services: ServicesDep, account: AccountDep, slug: SlugPath) -> ScheduleOut:
    """Show what is scheduled for an article, to those who may change it."""
    return await services.content.schedules.get(account, slug)


@router.delete("", dependencies=[limited_by_account(CONTENT_CHANGES_OF_ACCOUNT)], status_code=204, responses=_raised)
async def withdraw_schedule(services: ServicesDep, account: AccountDep, slug: SlugPath) -> None:
    """Withdraw what is scheduled for an article. The text that was to be published stays in its history."""
    await services.content.schedules.withdraw(account, slug)
