"""Routes declare what middlewares need, and whoever forgets it is told what to write."""

from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Header, Response
from starlette.types import Receive, Scope, Send

from app.api import routes
from app.api.body_last import BodyLastRoute
from app.api.deps import AdminDep, NextLinkDep, OwnerDep, idempotent, limited, limited_by_account
from app.api.middleware.body_limit import MAX_BODY_BYTES
from app.api.middleware.fast_reads import FastReadsMiddleware
from app.api.route_rules import (
    CREATES_NOTHING,
    HOLDS_SECRET,
    for_monitoring,
    no_idempotency_key,
    private,
    public,
    public_through_fastapi,
    under_policy,
)
from app.api.route_table import RouteTable, selected_rules
from app.comments.limits import COMMENT
from app.core.roles import Role
from app.main import create_app
from tests.conftest import settings_for
from tests.support.route_rules import objections

# Before any SQL.
pytestmark = pytest.mark.one_database

UNLIMITED = (
    "writes without a rate limit: add `limited` or `limited_by_account` to its `dependencies`, with a limit from the "
    "`limits.py` of its domain."
)
UNDECLARED = (
    "says neither that it is everybody's nor that it is not: decorate its function with `@public` or `@private`, or "
    "let a dependency require an account."
)


def test_every_route_declares_what_it_has_to(tmp_path: Path) -> None:
    settings = settings_for("sqlite+aiosqlite:///:memory:", tmp_path, metrics_token="as long as it has to be, at least")
    table: RouteTable = create_app(settings).state.route_table

    assert len(table.routes) > 60
    found = objections(table)
    assert not found, "\n".join(found)


def planted(router: APIRouter) -> list[str]:
    app = FastAPI(openapi_url=None)
    parent = APIRouter(prefix="/api")
    parent.include_router(router)
    app.include_router(parent)
    return objections(RouteTable(app.routes))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_route_that_writes_has_a_rate_limit(method: str) -> None:
    router = APIRouter(route_class=BodyLastRoute)

    @router.api_route("/things/{name}", methods=[method])
    @no_idempotency_key(CREATES_NOTHING)
    async def forgetful(name: str) -> None: ...

    @router.api_route("/limited", methods=[method], dependencies=[limited(COMMENT)])
    @no_idempotency_key(CREATES_NOTHING)
    async def careful() -> None: ...

    assert planted(router) == [f"{method} /api/things/{{name}} {UNLIMITED}"]


def test_a_route_that_reads_says_for_whom() -> None:
    router = APIRouter()

    @router.get("/things")
    async def forgetful() -> None: ...

    @router.get("/public")
    @public
    async def everybodys() -> None: ...

    @router.get("/private")
    @private
    async def nobodys() -> None: ...

    @router.get("/mine")
    async def mine(owner: OwnerDep) -> None: ...

    @router.get("/all")
    async def admins(admin: AdminDep) -> None: ...

    @router.get("/health")
    @for_monitoring
    async def health() -> None: ...

    assert planted(router) == [f"GET /api/things {UNDECLARED}"]


def test_what_is_public_depends_on_nobody_and_nothing_else() -> None:
    router = APIRouter()

    @router.get("/mine")
    @public
    async def mine(owner: OwnerDep) -> None: ...

    @router.put("/written", dependencies=[limited(COMMENT)])
    @public
    async def written() -> None: ...

    @router.get("/by-language")
    @public
    async def by_language(accept_language: Annotated[str, Header()]) -> None: ...

    assert planted(router) == [
        "GET /api/mine is public, but for somebody: remove `@public`.",
        "PUT /api/written is public, but writes: remove `@public`.",
        "PUT /api/written is public, but limited: what is answered from the cache is never counted.",
        "GET /api/by-language is public, but reads headers or cookies, which must not decide what everybody gets.",
    ]


def test_bodies_are_read_last() -> None:
    router = APIRouter()

    @router.put("/things", dependencies=[limited(COMMENT)])
    async def forgetful(words: list[str]) -> None: ...

    assert planted(router) == [
        "PUT /api/things reads the body before it is known who sends it: give its router `route_class=BodyLastRoute`."
    ]


def test_bodies_have_a_bound_that_is_declared_only_where_it_is_larger() -> None:
    router = APIRouter(route_class=BodyLastRoute)

    @router.get("/search")
    @private
    async def search(words: list[str]) -> None: ...

    @router.put("/small", dependencies=[limited(COMMENT)], max_body_size=1000)
    async def small(words: list[str]) -> None: ...

    @router.put("/large", dependencies=[limited(COMMENT)], max_body_size=2 * MAX_BODY_BYTES)
    async def large(words: list[str]) -> None: ...

    assert planted(router) == [
        "GET /api/search reads a body, but is no method that has one: take it from the query.",
        f"PUT /api/small has a `max_body_size` within the usual bound of {MAX_BODY_BYTES} bytes: remove it.",
    ]
    table = RouteTable(router.routes)
    assert table.max_body_bytes("PUT", "/large") == 2 * MAX_BODY_BYTES
    assert table.max_body_bytes("GET", "/large") is None
    assert table.max_body_bytes("PUT", "/elsewhere") is None


def test_whatever_is_posted_says_whether_it_can_be_repeated() -> None:
    router = APIRouter(route_class=BodyLastRoute)

    @router.post("/things", dependencies=[limited(COMMENT)])
    async def forgetful() -> None: ...

    @router.post("/articles", dependencies=[limited_by_account(COMMENT), idempotent(Role.AUTHOR)])
    async def repeatable() -> None: ...

    @router.post("/tokens", dependencies=[limited(COMMENT)])
    @no_idempotency_key(HOLDS_SECRET)
    async def secret() -> None: ...

    assert planted(router) == [
        (
            "POST /api/things does not say whether it can be repeated: if it creates something and the answer holds no "
            "secret, add `idempotent(role)` to its `dependencies`; otherwise decorate its function with "
            "`@no_idempotency_key`."
        )
    ]


def test_keys_are_heeded_or_refused_but_never_ignored() -> None:
    router = APIRouter()

    @router.patch("/things", dependencies=[limited(COMMENT)])
    async def ignoring() -> None: ...

    assert planted(router) == [
        "PATCH /api/things ignores an `Idempotency-Key`: give its router `route_class=BodyLastRoute`."
    ]


def test_only_what_is_posted_takes_a_key() -> None:
    router = APIRouter(route_class=BodyLastRoute)

    @router.put("/articles", dependencies=[limited(COMMENT), idempotent()])
    async def replace() -> None: ...

    @router.post("/tokens", dependencies=[limited(COMMENT), idempotent()])
    @no_idempotency_key(HOLDS_SECRET)
    async def secret() -> None: ...

    objection = "takes an `Idempotency-Key`, which is for what is posted and does not refuse it."
    assert planted(router) == [f"PUT /api/articles {objection}", f"POST /api/tokens {objection}"]


# --- Fast reads --------------------------------------------------------------------------------------------------


async def _app(_scope: Scope, _receive: Receive, _send: Send) -> None: ...


async def with_link(link: NextLinkDep) -> Response:
    raise NotImplementedError


async def with_number(number: int = 1) -> Response:
    raise NotImplementedError


async def with_response(response: Response) -> Response:
    raise NotImplementedError


async def validated() -> dict[str, Any]:
    raise NotImplementedError


@pytest.mark.parametrize("function", [with_link, with_number, with_response, validated])
def test_what_cannot_be_read_fast_is_refused_when_the_app_is_built(function: Any) -> None:
    router = APIRouter()
    router.get("/things")(public(function))

    with pytest.raises(TypeError, match=r"GET /things cannot be read fast: .* `public_through_fastapi`\."):
        FastReadsMiddleware(_app, RouteTable(router.routes))


def test_a_limited_read_is_not_read_fast_past_its_limit() -> None:
    router = APIRouter()

    @router.get("/things", dependencies=[limited(COMMENT)])
    @public
    async def things() -> Response:
        raise NotImplementedError

    with pytest.raises(TypeError, match="cannot be read fast"):
        FastReadsMiddleware(_app, RouteTable(router.routes))


def test_a_part_of_the_path_that_the_function_does_not_take_is_refused() -> None:
    router = APIRouter()

    @router.get("/{language}/things")  # noqa: FAST003 - that is what is refused
    @public
    async def things() -> Response:
        raise NotImplementedError

    with pytest.raises(TypeError, match="cannot be read fast"):
        FastReadsMiddleware(_app, RouteTable(router.routes))


def test_a_public_read_may_do_without() -> None:
    router = APIRouter()

    @router.get("/things")
    @public_through_fastapi
    async def things(number: int = 1) -> Response:
        raise NotImplementedError

    FastReadsMiddleware(_app, RouteTable(router.routes))


# --- The table ---------------------------------------------------------------------------------------------------


def test_the_route_that_comes_first_is_meant() -> None:
    router = APIRouter()

    @router.get("/things/mine")
    @private
    async def mine() -> None: ...

    @router.get("/things/{name}")
    @public_through_fastapi
    async def thing(name: str, page: int = 1) -> None: ...

    @router.get("/things")
    @public_through_fastapi
    async def things() -> None: ...

    table = RouteTable(router.routes)

    assert [table.public_reads_query(path) for path in ("/things/mine", "/things/x", "/things", "/nowhere")] == [
        None,
        True,
        False,
        None,
    ]
    assert table.is_cacheable(("/things/x", b"page=2"))
    assert not table.is_cacheable(("/things/x", b"x" * 1001))
    assert not table.is_cacheable(("/things/mine", b""))


def test_what_nothing_was_selected_for_has_the_usual_rules() -> None:
    @under_policy("sandbox")
    async def page() -> None: ...

    class Context:
        endpoint = page

    assert selected_rules({"fastapi": {"effective_route_context": Context}}).content_security_policy == b"sandbox"
    assert selected_rules({}).content_security_policy is None


def test_every_module_of_routes_is_included() -> None:
    modules = {module.name for module in iter_modules(routes.__path__)}

    assert modules == {*routes._RESOURCES, "health", "metrics", "docs"}
    assert len(set(routes._RESOURCES)) == len(routes._RESOURCES)
