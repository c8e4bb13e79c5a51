"""Where one is logged in, and logging out."""

from collections.abc import Sequence

from fastapi import APIRouter

from app.accounts.errors import InvalidAccessToken, LoginRequired, LoginSessionNotFound
from app.accounts.schemas.sessions import SessionOut
from app.api.deps import IdPath, OwnerDep, RefreshCookieDep, ServicesDep
from app.api.openapi import raises
from app.core.errors import Unauthenticated

_OWNER = (Unauthenticated, InvalidAccessToken, LoginRequired)
router = APIRouter(prefix="/auth", tags=["sessions"])


@router.post("/logout", status_code=204, responses=raises(*_OWNER, LoginSessionNotFound))
async def logout(services: ServicesDep, owner: OwnerDep, cookie: RefreshCookieDep) -> None:
    """End this session: its access token and its refresh token stop working at once."""
    await services.sessions.end_current(owner)
    cookie.clear()


@router.post("/logout-all", status_code=204, responses=raises(*_OWNER))
async def logout_everywhere(services: ServicesDep, owner: OwnerDep, cookie: RefreshCookieDep) -> None:
    """End every session of the account at once, this one included."""
    await services.sessions.end_all(owner.account, by=owner.account)
    cookie.clear()


@router.get("/sessions", responses=raises(*_OWNER))
async def list_sessions(services: ServicesDep, owner: OwnerDep) -> Sequence[SessionOut]:
    """Where the account is logged in, the session last used first."""
    return await services.sessions.list(owner)


@router.delete("/sessions/{session_id}", status_code=204, responses=raises(*_OWNER, LoginSessionNotFound))
async def end_session(services: ServicesDep, owner: OwnerDep, session_id: IdPath) -> None:
    """End one session of the account, at once."""
    await services.sessions.end(owner.account, session_id)
