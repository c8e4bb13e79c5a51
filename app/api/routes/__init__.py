"""The resources of the API, one module for each."""

from collections.abc import Iterator
from importlib import import_module

from fastapi import APIRouter

from app.core.config import Settings
from app.core.site_paths import API_PREFIX

# The modules with the routes of the API. What is read most comes first, for routes are looked for in this order.
_RESOURCES = (
    "articles",
    "comments",
    "tags",
    "categories",
    "authors",
    "drafts",
    "schedules",
    "revisions",
    "resolve",
    "redirects",
    "auth",
    "sessions",
    "second_factors",
    "passkeys",
    "personal_tokens",
    "providers",
    "invitations",
    "privacy",
    "users",
    "audit_events",
)


def routers(settings: Settings) -> Iterator[APIRouter]:
    """The routers that an app with these settings includes: the API, and what is beside it."""
    api = APIRouter(prefix=API_PREFIX)
    for name in _RESOURCES:
        api.include_router(_router_of(name))
    yield api
    yield _router_of("health")
    if settings.metrics_token is not None:
        yield _router_of("metrics")
    if settings.shows_docs:
        yield _router_of("docs")


def _router_of(name: str) -> APIRouter:
    router: APIRouter = import_module(f"{__name__}.{name}").router
    return router
