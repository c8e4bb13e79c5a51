"""Metrics for Prometheus. The route exists only if `METRICS_TOKEN` is set."""

import secrets

from fastapi import APIRouter, Request, Response

from app.api.route_rules import for_monitoring
from app.core.errors import Unauthenticated
from app.core.metrics import MEDIA_TYPE

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
@for_monitoring
async def metrics(request: Request) -> Response:
    """All metrics, in the format of Prometheus."""
    token = request.app.state.settings.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "")
    if not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Unauthenticated
    content = await request.app.state.metrics_sampler.report(request.app.state.database)
    return Response(content, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
