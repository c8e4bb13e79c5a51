"""All dependencies of routes. Nothing else uses `Depends`."""

import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import BackgroundTasks, Depends, Header, Path, Request, Response
from fastapi.security import OAuth2PasswordBearer
from pydantic import StrictInt

from app.accounts.errors import NOT_IN_ROLE, InsufficientScope, InvalidAccessToken, LoginRequired
from app.accounts.policies import actors
from app.accounts.policies.actors import Principal
from app.api import idempotency
from app.api.addresses import ip_address_of
from app.api.anonymous import is_anonymous
from app.api.cookies import RefreshCookie
from app.api.links import NextLink
from app.api.middleware.response_cache import SURROGATE_KEYS
from app.api.raising import raising
from app.container import Services
from app.core import clock
from app.core.client import USER_AGENT_LENGTH, Client
from app.core.current_request import set_user
from app.core.errors import TooManyRequests, Unauthenticated
from app.core.ip_addresses import network_of
from app.core.preconditions import Preconditions
from app.core.rate_limiter import Limit
from app.core.roles import Role
from app.core.schemas.base import MAX_ID, SafeStr, number_in_text
from app.core.scopes import Scope
from app.db.errors import is_transient
from app.idempotency.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from app.unit_of_work import UnitOfWork, unit_of_work

_log = logging.getLogger(__name__)
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# Of these, none can succeed without a resource to change.
_CHANGING_METHODS = {"PATCH", "DELETE"}
# Where to log in is filled in by `app.api.openapi`, which knows the path.
_bearer = OAuth2PasswordBearer(tokenUrl="", auto_error=False)

SlugPath = Annotated[SafeStr, Path(max_length=120)]
IdPath = Annotated[StrictInt, Path(ge=1, le=MAX_ID), number_in_text]
ProviderPath = Annotated[SafeStr, Path(max_length=40)]


async def get_client(request: Request) -> Client:
    return Client(ip_address_of(request), request.headers.get("User-Agent", "")[:USER_AGENT_LENGTH])


ClientDep = Annotated[Client, Depends(get_client)]


@raising(TooManyRequests)
@dataclass(frozen=True)
class RateLimited:
    """A rate limit per IP address."""

    limit: Limit

    async def __call__(self, request: Request, response: Response, client: ClientDep) -> None:
        allowance = await request.app.state.process.limiter.hit(self.limit, network_of(client.ip_address))
        response.headers.update(allowance.headers())


def limited(limit: Limit) -> Any:
    """For a route's `dependencies`: a rate limit per IP address."""
    return Depends(RateLimited(limit))


async def get_services(request: Request) -> AsyncIterator[Services]:
    """The services of the request's unit of work: committed before the response is sent, or rolled back.

    An anonymous read has no session: what everybody may see is read without one.
    """
    state = request.app.state
    is_read = request.method in _SAFE_METHODS
    if is_read and is_anonymous(request.scope):
        yield await public_services(request)
        return
    open_session = state.database.reading if is_read else state.database.writing
    preconditions = Preconditions() if is_read else _preconditions_of(request)
    async with unit_of_work(open_session, state.process, await get_client(request), preconditions) as unit:
        yield Services(unit)
        preconditions.settle(shows_existence=request.method in _CHANGING_METHODS)


# With FastAPI's default scope the commit would come after the answer, and its failure would go unnoticed.
ServicesDep = Annotated[Services, Depends(get_services, scope="function")]


def _preconditions_of(request: Request) -> Preconditions:
    # What a POST creates is nowhere yet, so that it always is what `If-None-Match` asks for.
    if_none_match = [] if request.method == "POST" else request.headers.getlist("If-None-Match")
    return Preconditions.sent(request.headers.getlist("If-Match"), if_none_match)


async def public_services(request: Request) -> Services:
    """Services for what everybody may see, which note for the response cache what they were asked to show."""
    state = request.app.state
    surrogate_keys = request.scope.get(SURROGATE_KEYS)
    client = await get_client(request)
    return Services(UnitOfWork(state.process, client, rows=state.database.read_pool, surrogate_keys=surrogate_keys))


@raising(InvalidAccessToken, InsufficientScope)
async def get_actor(
    request: Request,
    services: ServicesDep,
    background: BackgroundTasks,
    token: Annotated[str | None, Depends(_bearer)],
) -> Principal | None:
    """Who makes the request. An invalid token is refused rather than treated as anonymous."""
    if token is None:
        return None
    principal = await services.accounts.principal(token)
    set_user(principal.id)
    if principal.token is not None and principal.token.should_record_use(clock.now()):
        background.add_task(_record_use, request, services.unit.client, principal.token.id)
    if request.method in _SAFE_METHODS and Scope.READ not in principal.scopes:
        raise InsufficientScope
    return principal


async def _record_use(request: Request, client: Client, token_id: int) -> None:
    """Runs after the response has been sent, which neither waits for this nor fails with it."""
    state = request.app.state
    try:
        async with unit_of_work(state.database.writing, state.process, client) as unit:
            await Services(unit).accounts.personal_tokens.record_use(token_id)
    except Exception as error:
        if not is_transient(error):
            raise
        _log.warning("The use of a personal access token could not be noted: %s", type(error).__name__)


ActorDep = Annotated[Principal | None, Depends(get_actor)]


@raising(Unauthenticated)
async def get_account(actor: ActorDep) -> Principal:
    return actors.require_account(actor)


# Anybody with an account, a script with a personal access token included.
AccountDep = Annotated[Principal, Depends(get_account)]


@raising(TooManyRequests)
@dataclass(frozen=True)
class RateLimitedByAccount:
    """A rate limit per account, which the request has to have."""

    limit: Limit

    async def __call__(self, request: Request, response: Response, account: AccountDep) -> None:
        allowance = await request.app.state.process.limiter.hit(self.limit, str(account.id))
        response.headers.update(allowance.headers())


def limited_by_account(limit: Limit) -> Any:
    """For a route's `dependencies`: a rate limit per account. Anonymous requests are told to log in."""
    return Depends(RateLimitedByAccount(limit))


@raising(LoginRequired)
async def get_owner(account: AccountDep) -> Principal:
    if account.login is None:
        raise LoginRequired
    return account


# The owner in person: what guards an account is not for scripts.
OwnerDep = Annotated[Principal, Depends(get_owner)]


def requires(role: Role) -> Any:
    """A parameter: the account that makes the request, which must have this role or a higher one."""

    @raising(*NOT_IN_ROLE)
    async def get_one_in_role(actor: ActorDep) -> Principal:
        return actors.require_role(actor, role)

    return Depends(get_one_in_role)


_Key = Annotated[
    str | None,
    Header(
        alias=idempotency.KEY,
        description="Of your choice, such as a UUID: with it, sending the request again within a day does nothing "
        "twice, and returns the first response.",
        examples=["6f1a1a52-8b7e-4c8e-9a55-0d7c7c0f3c55"],
        json_schema_extra={"minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$"},
    ),
]


@raising(InvalidIdempotencyKey, IdempotencyKeyReused)
@dataclass(frozen=True)
class Idempotent:
    """Answers a request with an `Idempotency-Key` as the first one with it was answered."""

    role: Role | None

    async def __call__(
        self,
        request: Request,
        response: Response,
        background: BackgroundTasks,
        services: ServicesDep,
        account: AccountDep,
        _key: _Key = None,
    ) -> None:
        if idempotency.KEY not in request.headers:
            return
        if self.role is not None:
            actors.require_role(account, self.role)
        await idempotency.begin(request, account.id, services, response, background)


def idempotent(role: Role | None = None) -> Any:
    """For the `dependencies` of a route that creates something, and whose answer holds no secret.

    Whoever repeats a request has to be allowed to make it: name the role that the service requires. What other
    dependencies require is known by then.
    """
    return Depends(Idempotent(role))


def takes_key(calls: Iterable[object]) -> bool:
    """Whether the route with these dependencies heeds an `Idempotency-Key`."""
    return any(isinstance(call, Idempotent) for call in calls)


EditorDep = Annotated[Principal, requires(Role.EDITOR)]
AdminDep = Annotated[Principal, requires(Role.ADMIN)]
NextLinkDep = Annotated[NextLink, Depends(NextLink)]
RefreshCookieDep = Annotated[RefreshCookie, Depends(RefreshCookie)]
