"""Your own account, and all accounts for admins."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.accounts.errors import (
    NOT_REAUTHENTICATED,
    EmailDomainNotAllowed,
    EmailTaken,
    LastAdmin,
    UsernameTaken,
    UserNotFound,
    WeakPassword,
)
from app.accounts.limits import ACCOUNT_CHANGES, ADMINISTRATION, EMAIL_CHANGES_OF_ACCOUNT, MAIL, SEARCH
from app.accounts.schemas.users import (
    ChangePasswordInput,
    EmailChangeInput,
    ProfileUpdate,
    UserListQuery,
    UserOut,
    UserPage,
    UserUpdate,
)
from app.api.body_last import BodyLastRoute
from app.api.deps import AccountDep, AdminDep, IdPath, OwnerDep, ServicesDep, limited, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.core.schemas.base import Accepted

_changes = [limited_by_account(ACCOUNT_CHANGES)]
_administration = [limited_by_account(ADMINISTRATION)]
router = APIRouter(
    route_class=BodyLastRoute, prefix="/users", tags=[Tag("users", "Your own account, and all accounts for admins.")]
)


@router.get("/me")
async def read_me(account: AccountDep) -> UserOut:
    """Show your account."""
    return UserOut.model_validate(account.account)


@router.patch("/me", dependencies=_changes, responses=raises(UsernameTaken))
async def update_me(services: ServicesDep, owner: OwnerDep, data: ProfileUpdate) -> UserOut:
    """Update your public profile."""
    return UserOut.model_validate(await services.accounts.profiles.update(owner, data))


@router.put(
    "/me/password", dependencies=_changes, status_code=204, responses=raises(*NOT_REAUTHENTICATED, WeakPassword)
)
async def change_my_password(services: ServicesDep, owner: OwnerDep, data: ChangePasswordInput) -> None:
    """Change your password. All sessions end."""
    await services.accounts.recovery.change_password(owner, data)


@router.put(
    "/me/email",
    status_code=202,
    dependencies=[limited(MAIL), limited_by_account(EMAIL_CHANGES_OF_ACCOUNT)],
    responses=raises(*NOT_REAUTHENTICATED, EmailDomainNotAllowed),
)
async def change_my_email(services: ServicesDep, owner: OwnerDep, data: EmailChangeInput) -> Accepted:
    """Request a new email address. It takes effect once the link sent to it has been followed.

    The response is the same if the new address already has an account.
    """
    await services.accounts.email_changes.request(owner, data)
    return Accepted()


@router.delete("/me/email", dependencies=_changes, status_code=204)
async def cancel_my_email_change(services: ServicesDep, owner: OwnerDep) -> None:
    """Cancel an email address change that has not been confirmed yet."""
    await services.accounts.email_changes.withdraw(owner)


@router.get(
    "",
    response_model=UserPage,
    dependencies=[limited(SEARCH)],
)
async def list_users(services: ServicesDep, _admin: AdminDep, query: Annotated[UserListQuery, Query()]) -> Any:
    """List all accounts, newest first. Admins only."""
    return await services.accounts.admin_users.list(query)


@router.get("/{user_id}", responses=raises(UserNotFound))
async def read_user(services: ServicesDep, _admin: AdminDep, user_id: IdPath) -> UserOut:
    """Show an account. Admins only."""
    return UserOut.model_validate(await services.accounts.admin_users.get(user_id))


@router.patch(
    "/{user_id}", dependencies=_administration, responses=raises(UserNotFound, EmailTaken, UsernameTaken, LastAdmin)
)
async def update_user(services: ServicesDep, admin: AdminDep, user_id: IdPath, data: UserUpdate) -> UserOut:
    """Update an account: its profile, email address, role, or whether it is active. Admins only."""
    return UserOut.model_validate(await services.accounts.admin_users.update(user_id, data, admin.account))


@router.delete("/{user_id}", dependencies=_administration, status_code=204, responses=raises(UserNotFound, LastAdmin))
async def delete_user(services: ServicesDep, admin: AdminDep, user_id: IdPath) -> None:
    """Delete an account and its personal data. What its owner wrote stays, under an anonymous name."""
    await services.accounts.admin_users.delete(user_id, admin.account)
