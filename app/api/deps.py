"""Everything that a route may ask for. Nothing else spells `Depends`."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.links import NextLink
from app.core.config import Settings
from app.db.models import User
from app.policies import actors
from app.schemas.base import MAX_ID, SafeStr
from app.services.wiring import Services

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login", auto_error=False)

SlugPath = Annotated[SafeStr, Path(max_length=120)]
IdPath = Annotated[int, Path(ge=1, le=MAX_ID)]


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's unit of work: committed before the answer leaves, rolled back if anything fails."""
    database = request.app.state.database
    async with database.reading() if request.method in _SAFE_METHODS else database.writing() as session:
        yield session
        await session.commit()


# With FastAPI's default scope the commit would come after the answer, and its failure would go unnoticed.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def get_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(get_settings)]


async def get_services(request: Request, session: SessionDep, settings: SettingsDep) -> Services:
    return Services(session, settings, request.app.state.passwords)


ServicesDep = Annotated[Services, Depends(get_services)]


async def get_actor(services: ServicesDep, token: Annotated[str | None, Depends(_bearer)]) -> User | None:
    """Who asks. A token that is no longer good is refused rather than taken for a stranger's request."""
    return await services.accounts.read_token(token) if token is not None else None


ActorDep = Annotated[User | None, Depends(get_actor)]


async def get_account(actor: ActorDep) -> User:
    return actors.require_account(actor)


AccountDep = Annotated[User, Depends(get_account)]
NextLinkDep = Annotated[NextLink, Depends(NextLink)]
