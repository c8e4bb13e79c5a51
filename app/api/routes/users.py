"""One's own account, and everybody's for admins."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.deps import AccountDep, ActorDep, IdPath, ServicesDep
from app.api.openapi import raises
from app.core.errors import (
    EmailNotVerified,
    EmailTaken,
    Forbidden,
    InvalidAccessToken,
    LastAdmin,
    Unauthenticated,
    UsernameTaken,
    UserNotFound,
    WeakPassword,
    WrongPassword,
)
from app.schemas.pages import CountedPage
from app.schemas.users import ChangePasswordInput, ProfileUpdate, UserListQuery, UserOut, UserUpdate

_LOGIN = (Unauthenticated, InvalidAccessToken)
_ADMIN = (*_LOGIN, Forbidden, EmailNotVerified)
router = APIRouter(prefix="/users", tags=["users"])


@router.get("/me", responses=raises(*_LOGIN))
async def read_me(account: AccountDep) -> UserOut:
    return UserOut.model_validate(account)


@router.patch("/me", responses=raises(*_LOGIN, UsernameTaken))
async def update_me(services: ServicesDep, account: AccountDep, data: ProfileUpdate) -> UserOut:
    """Change what others see of you."""
    return UserOut.model_validate(await services.accounts.update_profile(account, data))


@router.put("/me/password", status_code=204, responses=raises(*_LOGIN, WrongPassword, WeakPassword))
async def change_my_password(services: ServicesDep, account: AccountDep, data: ChangePasswordInput) -> None:
    """Change the password; every login ends."""
    await services.accounts.change_password(account, data)


@router.get("", response_model=CountedPage[UserOut], responses=raises(*_ADMIN))
async def list_users(services: ServicesDep, actor: ActorDep, query: Annotated[UserListQuery, Query()]) -> Any:
    """All accounts, the newest first; for admins."""
    return await services.users.list(actor, query)


@router.get("/{user_id}", responses=raises(*_ADMIN, UserNotFound))
async def read_user(services: ServicesDep, actor: ActorDep, user_id: IdPath) -> UserOut:
    return UserOut.model_validate(await services.users.get(actor, user_id))


@router.patch("/{user_id}", responses=raises(*_ADMIN, UserNotFound, EmailTaken, UsernameTaken, LastAdmin))
async def update_user(services: ServicesDep, actor: ActorDep, user_id: IdPath, data: UserUpdate) -> UserOut:
    return UserOut.model_validate(await services.users.update(actor, user_id, data))


@router.delete("/{user_id}", status_code=204, responses=raises(*_ADMIN, UserNotFound, LastAdmin))
async def delete_user(services: ServicesDep, actor: ActorDep, user_id: IdPath) -> None:
    """Forget who an account belonged to. What they wrote stays, under a name that says nothing."""
    await services.users.delete(actor, user_id)
