"""The resources of the API, one module each."""

from fastapi import APIRouter

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
for module in (
    auth,
    sessions,
    second_factors,
    passkeys,
    personal_tokens,
    providers,
    invitations,
    privacy,
    users,
    authors,
    articles,
    comments,
    tags,
    categories,
    audit_events,
):
    router.include_router(module.router)
