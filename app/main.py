"""Puts the application together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.api import errors, openapi
from app.api.body_limit import BodyLimitMiddleware
from app.api.request_id import HEADER, RequestIdMiddleware
from app.api.routes import router
from app.core import logging
from app.core.config import Settings
from app.db.session import open_database
from app.mail.mailer import mailer_for
from app.services.housekeeping import Housekeeper
from app.services.mail_request_worker import MailRequestWorker
from app.services.outbox import OutboxWorker
from app.services.wiring import shared_by

MAX_BODY_BYTES = 3 * 1024 * 1024
# How long a mail that is being sent may hold up the end; service managers kill after ten seconds or more.
FINISH_SECONDS = 5


def create_app(settings: Settings) -> FastAPI:
    """The application with these settings; the database is opened and mails are sent while its lifespan runs."""
    app = FastAPI(
        title=settings.site_name,
        version="1.0.0",
        description="The blog's API.",
        lifespan=_lifespan,
        # A redirection would lead to whatever host the client named.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.shared = shared_by(settings)
    app.include_router(router)
    errors.install(app)
    openapi.install(app)
    app.add_middleware(BodyLimitMiddleware, max_bytes=MAX_BODY_BYTES)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["Authorization", "Content-Type", HEADER],
        allow_credentials=settings.auth_cookie != "off",
        expose_headers=["Content-Disposition", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", HEADER],
    )
    app.add_middleware(RequestIdMiddleware)
    return app


def app_from_environment() -> FastAPI:
    """The application with the settings of the environment and `.env`, logging as they say."""
    settings = Settings()
    logging.configure(settings.log_level)
    return create_app(settings)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    database = open_database(app.state.settings.database_url)
    app.state.database = database
    stopping = asyncio.Event()
    workers = (
        OutboxWorker(database, mailer_for(app.state.settings)),
        MailRequestWorker(database, app.state.shared),
        Housekeeper(database, app.state.shared),
    )
    working = asyncio.gather(*(worker.run(stopping) for worker in workers))
    yield
    stopping.set()
    # Cut short, a mail would wait for its lease to end, and might leave twice.
    with suppress(TimeoutError):
        await asyncio.wait_for(working, FINISH_SECONDS)
    await app.state.shared.limiter.aclose()
    await database.dispose()
