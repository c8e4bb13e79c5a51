"""Health checks for load balancers and service managers. They are not versioned, because they never change."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.api.errors import MEDIA_TYPE
from app.api.openapi_tags import Tag
from app.api.route_rules import for_monitoring
from app.core.logging import request_id
from app.ops.schemas import Alive, HealthState, Readiness, Unreadiness

router = APIRouter(prefix="/health", tags=[Tag("health", "Checks for load balancers and service managers.")])
_NO_STORE = {"Cache-Control": "no-store"}
_UNREADY: dict[int | str, dict[str, Any]] = {
    503: {
        "model": Unreadiness,
        "description": "`not_ready`: A part is failing.\n\n`draining`: The server is shutting down.",
    }
}


@router.get("/live")
@for_monitoring
async def check_liveness(response: Response) -> Alive:
    """Check whether the process is alive. If it doesn't respond, restart it."""
    response.headers.update(_NO_STORE)
    return Alive()


@router.get("/ready", response_model=Readiness, responses=_UNREADY)
@for_monitoring
async def check_readiness(request: Request) -> JSONResponse:
    """Check whether the server is ready. If not, send requests elsewhere for a while; don't restart it."""
    if getattr(request.app.state, "draining", False):
        return _unready("draining", "The server is shutting down.", Readiness(state=HealthState.FAILING, parts={}))
    parts = await request.app.state.health.parts(request.app.state.database)
    states = {part.state for part in parts.values()}
    failing = sorted(name for name, part in parts.items() if part.state is HealthState.FAILING)
    found = Readiness(state=HealthState.DEGRADED if HealthState.DEGRADED in states else HealthState.OK, parts=parts)
    if failing:
        return _unready("not_ready", f"Failing: {', '.join(failing)}.", found)
    return JSONResponse(found.model_dump(mode="json"), headers=_NO_STORE)


def _unready(code: str, detail: str, found: Readiness) -> JSONResponse:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    problem = Unreadiness(
        type="about:blank",
        title=status.phrase,
        status=status,
        detail=detail,
        code=code,
        instance=request_id.get(),
        parts=found.parts,
    )
    content = problem.model_dump(mode="json", exclude={"second_factor"})
    return JSONResponse(content, status, {**_NO_STORE, "Retry-After": "5"}, media_type=MEDIA_TYPE)
