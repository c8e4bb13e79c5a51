"""Puts the application together."""

from functools import partial
from operator import attrgetter

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Scope

from app.api import errors, openapi
from app.api.addresses import network_of_client
from app.api.middleware.access_log import AccessLogMiddleware
from app.api.middleware.body_limit import BodyLimitMiddleware
from app.api.middleware.cross_origin import PreflightMiddleware, cors_options
from app.api.middleware.entity_tags import EntityTagsMiddleware
from app.api.middleware.fast_reads import FastReadsMiddleware
from app.api.middleware.head import HeadMiddleware
from app.api.middleware.head_limit import HeadLimitMiddleware
from app.api.middleware.large_responses import LargeResponsesMiddleware
from app.api.middleware.response_cache import ResponseCacheMiddleware
from app.api.middleware.security_headers import SecurityHeadersMiddleware
from app.api.middleware.trusted_hosts import TrustedHosts, TrustedHostsMiddleware
from app.api.redirections import redirection_of
from app.api.route_table import RouteTable
from app.api.routes import routers
from app.cache.store import ResponseStore
from app.core import error_reports, logging
from app.core.config import Settings
from app.db import query_log
from app.lifespan import lifespan
from app.ops.backups.keeper import BackupKeeper
from app.ops.health import Health
from app.ops.metrics_sampler import MetricsSampler
from app.process import process_context


def create_app(settings: Settings) -> FastAPI:
    """The application with these settings; the database is opened and mails are sent while its lifespan runs.

    Serve its `state.response_cache`, the response cache in front of it, which answers most readers by itself.
    """
    app = FastAPI(
        title=settings.site_name,
        version="1.0.0",
        description="The API of this blog: accounts, articles, comments, tags and categories.",
        lifespan=lifespan,
        # Generated clients name their methods after the functions of the routes.
        generate_unique_id_function=attrgetter("name"),
        # A redirection would lead to whatever host the client named.
        redirect_slashes=False,
        # The docs are routes of ours.
        openapi_url=None,
        telemetry={"exclude": _is_monitoring},
    )
    app.state.settings = settings
    app.state.process = process_context(settings)
    app.state.backups = BackupKeeper(settings)
    app.state.health = Health(settings.redis_url, app.state.backups)
    for router in routers(settings):
        app.include_router(router)
    table = app.state.route_table = RouteTable(app.routes)
    app.add_middleware(FastReadsMiddleware, table=table)
    app.add_middleware(EntityTagsMiddleware, table=table)
    errors.install(app, redirection_of)
    openapi.install(app, settings.root_path)
    app.add_middleware(BodyLimitMiddleware, table=table)
    app.add_middleware(LargeResponsesMiddleware, client_of=network_of_client)
    app.add_middleware(HeadLimitMiddleware)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(PreflightMiddleware, **cors_options(settings))
    hosts = TrustedHosts(settings.allowed_hosts)
    app.add_middleware(TrustedHostsMiddleware, hosts=hosts, monitored=table.monitored)
    app.add_middleware(SecurityHeadersMiddleware, insists_on_https=settings.insists_on_https)
    app.add_middleware(AccessLogMiddleware)
    app.state.response_cache = _with_response_cache(app, settings, hosts, table)
    app.state.metrics_sampler = MetricsSampler(app.state.response_cache.store)
    return app


def _is_monitoring(scope: Scope) -> bool:
    """Whether only monitoring makes this request, so that it needs no trace."""
    table: RouteTable = scope["app"].state.route_table
    return scope.get("path") in table.monitored


def _with_response_cache(
    app: FastAPI, settings: Settings, hosts: TrustedHosts, table: RouteTable
) -> ResponseCacheMiddleware:
    cors = partial(CORSMiddleware, **cors_options(settings))
    store = ResponseStore(settings.cache_bytes)
    return ResponseCacheMiddleware(app, store, cors, hosts, table, settings.cdn_seconds, settings.root_path)


def app_from_environment() -> ResponseCacheMiddleware:
    """What a server runs: the application with the settings of the environment and `.env`, logging as they say."""
    settings = Settings()
    logging.configure(settings)
    error_reports.configure(settings)
    query_log.set_slow_query_threshold(settings.slow_query_ms)
    cache: ResponseCacheMiddleware = create_app(settings).state.response_cache
    return cache
