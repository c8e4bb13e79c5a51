"""Listing sessions, and logging out."""

from collections.abc import Sequence

from fastapi import APIRouter

from app.accounts.errors import LoginSessionNotFound
from app.accounts.limits import ACCOUNT_CHANGES
from app.accounts.schemas.sessions import SessionOut
from app.api.body_last import BodyLastRoute
from app.api.deps import IdPath, OwnerDep, RefreshCookieDep, ServicesDep, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.route_rules import CREATES_NOTHING, no_idempotency_key

_changes = [limited_by_account(ACCOUNT_CHANGES)]
router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/auth",
    tags=[Tag("sessions", "Where your account is logged in, and logging out.")],
)


@router.post("/logout", dependencies=_changes, status_code=204, responses=raises(LoginSessionNotFound))
@no_idempotency_key(CREATES_NOTHING)
async def log_out(services: ServicesDep, owner: OwnerDep, cookie: RefreshCookieDep) -> None:
    """End this session. Its access token and refresh token stop working immediately."""
    await services.accounts.sessions.end_current(owner)
    cookie.clear()


@router.post("/logout-all", dependencies=_changes, status_code=204)
@no_idempotency_key(CREATES_NOTHING)
async def log_out_everywhere(services: ServicesDep, owner: OwnerDep, cookie: RefreshCookieDep) -> None:
    """End all sessions of the account immediately, including this one."""
    await services.accounts.sessions.end_all(owner.account, by=owner.account)
    cookie.clear()


@router.get("/sessions")
async def list_sessions(services: ServicesDep, owner: OwnerDep) -> Sequence[SessionOut]:
    """List the sessions of the account, most recently used first."""
    return await services.accounts.sessions.list(owner)


@router.delete("/sessions/{session_id}", dependencies=_changes, status_code=204, responses=raises(LoginSessionNotFound))
async def end_session(services: ServicesDep, owner: OwnerDep, session_id: IdPath) -> None:
    """End one session of the account immediately."""
    await services.accounts.sessions.end(owner.account, session_id)
