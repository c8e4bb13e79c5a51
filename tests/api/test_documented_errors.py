"""What an operation answers with is in the document."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from app.api import errors, openapi
from app.api.deps import AdminDep, limited
from app.api.openapi import raises
from app.comments.limits import COMMENT
from app.content.errors import ArticleNotFound, SlugTaken
from tests.support.documented_errors import DocumentedErrors, errors_in

# Before any SQL.
pytestmark = pytest.mark.one_database


def app_with(router: APIRouter) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    errors.install(app)
    openapi.install(app)
    return app


def thing() -> APIRouter:
    """A resource that documents one of the two errors it raises."""
    router = APIRouter(prefix="/things")

    @router.get("/{slug}", responses=raises(ArticleNotFound))
    async def read(slug: str) -> None:
        raise ArticleNotFound if slug == "gone" else SlugTaken

    @router.post("/login")
    async def log_in() -> None: ...

    @router.post("", dependencies=[limited(COMMENT)])
    async def add(admin: AdminDep) -> None: ...

    return router


async def test_an_error_that_is_not_documented_fails_the_test_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.documented_errors._documented", {})
    transport = httpx.ASGITransport(DocumentedErrors(app_with(thing())), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://blog") as client:
        assert (await client.get("/things/gone")).status_code == 404
        with pytest.raises(pytest.fail.Exception) as failure:
            await client.get("/things/other")

    assert str(failure.value) == (
        "GET /things/{slug} answered 409 `slug_taken`, which its documentation does not mention. If one of its "
        "dependencies raises this, declare it there (`@raising` in app/api/deps.py); if the service does, list it in "
        "the route's `responses=raises(…)`."
    )


async def test_what_dependencies_raise_is_in_the_document() -> None:
    found = dict(errors_in(app_with(thing()).openapi()))["POST /things"]

    assert found >= {
        (401, "not_authenticated"),
        (401, "invalid_token"),
        (403, "forbidden"),
        (403, "email_not_verified"),
        (403, "insufficient_scope"),
        (403, "second_factor_missing"),
        (429, "too_many_requests"),
    }


async def test_every_error_is_described_once(app: FastAPI) -> None:
    for operations in app.openapi()["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                paragraphs = response["description"].split("\n\n")
                codes = [paragraph.partition("`:")[0] for paragraph in paragraphs]
                assert len(codes) == len(set(codes)), operation
