"""The resources of the API, one module for each."""

from fastapi import APIRouter

from app.api.middleware.response_cache import PublicPaths
from app.api.routes import (
    articles,
    audit_events,
    auth,
    authors,
    categories,
    comments,
    invitations,
    passkeys,
    personal_tokens,
    privacy,
    providers,
    second_factors,
    sessions,
    tags,
    users,
)

router = APIRouter(prefix="/api/v1")
# Below these is what everybody may read.
PUBLIC = PublicPaths(
    tuple(f"{router.prefix}/{name}" for name in ("articles", "tags", "categories", "authors")),
    frozenset(f"{router.prefix}/{name}" for name in ("articles", "tags", "authors")),
)
# What is asked for most comes first: every route before the right one costs time.
for module in (
    # The ones that are read most come first, for they are looked for in this order.
    articles,
    comments,
    tags,
    categories,
    authors,
    auth,
    sessions,
    second_factors,
    passkeys,
    personal_tokens,
    providers,
    invitations,
    privacy,
    users,
    audit_events,
):
    router.include_router(module.router)
