"""The resources of the API, one module each."""

from fastapi import APIRouter

from app.api.routes import (
    articles,
    auth,
    authors,
    categories,
    comments,
    passkeys,
    second_factors,
    sessions,
    tags,
    users,
)

router = APIRouter(prefix="/api/v1")
for module in (auth, sessions, second_factors, passkeys, users, authors, articles, comments, tags, categories):
    router.include_router(module.router)
