"""The documentation of the API: its schema, and two pages that show it."""

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from fastapi.responses import HTMLResponse, JSONResponse

from app.api.route_rules import private, under_policy

router = APIRouter(include_in_schema=False)
# Swagger UI and ReDoc come from there, start with a script in the page, and ask this API.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; worker-src blob:; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    "font-src https://fonts.gstatic.com; img-src 'self' data: https:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


@router.get("/openapi.json")
@private
async def schema(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/docs")
@private
@under_policy(_POLICY)
async def swagger_ui(request: Request) -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url=_url_of(request, "schema"),
        title=f"{request.app.title} - Swagger UI",
        oauth2_redirect_url=_url_of(request, "swagger_ui_redirect"),
    )


@router.get("/docs/oauth2-redirect")
@private
@under_policy(_POLICY)
async def swagger_ui_redirect() -> HTMLResponse:
    return get_swagger_ui_oauth2_redirect_html()


@router.get("/redoc")
@private
@under_policy(_POLICY)
async def redoc(request: Request) -> HTMLResponse:
    return get_redoc_html(openapi_url=_url_of(request, "schema"), title=f"{request.app.title} - ReDoc")


def _url_of(request: Request, route: str) -> str:
    return f"{request.app.state.settings.root_path}{request.app.url_path_for(route)}"
