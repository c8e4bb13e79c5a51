"""Redirects, for editors."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from app.api.body_last import BodyLastRoute
from app.api.deps import EditorDep, IdPath, NextLinkDep, ServicesDep, idempotent, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response
from app.api.route_rules import no_idempotency_key
from app.content.errors import ImpossibleRedirect, RedirectExists, RedirectLoop, RedirectNotFound
from app.content.limits import CONTENT_CHANGES_OF_ACCOUNT, REDIRECT_IMPORTS_OF_ACCOUNT
from app.content.schemas.redirect_files import RedirectFile
from app.content.schemas.redirects import (
    RedirectImport,
    RedirectInput,
    RedirectListQuery,
    RedirectOut,
    RedirectPage,
    RedirectUpdate,
    redirect_validator,
)
from app.core.errors import InvalidCursor
from app.core.roles import Role
from app.core.schemas.base import TextBool

# Some ten thousand lines.
MAX_FILE_BYTES = 1024 * 1024
_CSV = "text/csv"
_changes = [limited_by_account(CONTENT_CHANGES_OF_ACCOUNT)]
_imports = [limited_by_account(REDIRECT_IMPORTS_OF_ACCOUNT)]
router = APIRouter(
    route_class=BodyLastRoute,
    tags=[Tag("redirects", "Where requests for addresses that are no more are led to, for editors.")],
)


@router.get("/redirects", response_model=RedirectPage, responses=raises(InvalidCursor))
async def list_redirects(
    services: ServicesDep, _editor: EditorDep, link: NextLinkDep, query: Annotated[RedirectListQuery, Query()]
) -> Any:
    """List redirects by their sources."""
    return link.on(await services.content.redirects.list(query))


@router.post(
    "/redirects",
    response_model=RedirectOut,
    status_code=201,
    dependencies=[*_changes, idempotent(Role.EDITOR)],
    responses=raises(RedirectExists, RedirectLoop),
)
async def create_redirect(services: ServicesDep, editor: EditorDep, data: RedirectInput) -> Response:
    """Add a redirect, from one path or from all paths below it.

    It is refused if it would lead in a circle, alone or together with others; the error shows the chain.
    """
    return _shown(await services.content.redirects.create(editor, data), 201)


@router.get(
    "/redirects.csv",
    response_class=Response,
    responses={
        200: {
            "content": {_CSV: {"schema": {"type": "string", "format": "binary"}}},
            "description": "All redirects as CSV.",
        }
    },
)
async def export_redirects(services: ServicesDep, _editor: EditorDep) -> Response:
    """Download all redirects as CSV, in the form in which they can be imported."""
    headers = {"Content-Disposition": 'attachment; filename="redirects.csv"'}
    return Response(await services.content.redirect_files.export(), media_type=_CSV, headers=headers)


@router.post("/redirects.csv", dependencies=_imports, max_body_size=MAX_FILE_BYTES, responses=raises(RedirectLoop))
@no_idempotency_key("importing the same lines again changes nothing.")
async def import_redirects(
    services: ServicesDep,
    editor: EditorDep,
    file: Annotated[RedirectFile, Body(media_type=_CSV)],
    *,
    dry_run: Annotated[TextBool, Query(description="Only say what would be done.")] = False,
) -> RedirectImport:
    """Import redirects from CSV with the columns `source`, `match`, `target`, `status`, `note`.

    Only the first is needed. Each line replaces the one with the same source and match, and others stay. If a line is
    wrong, nothing is imported, and the error names the lines. The hits of an export are left alone.
    """
    return await services.content.redirect_files.load(editor, file.root, dry_run=dry_run)


@router.get("/redirects/{redirect_id}", response_model=RedirectOut, responses=raises(RedirectNotFound))
async def read_redirect(services: ServicesDep, _editor: EditorDep, redirect_id: IdPath) -> Response:
    """Show a redirect."""
    return _shown(await services.content.redirects.get(redirect_id))


@router.patch(
    "/redirects/{redirect_id}",
    response_model=RedirectOut,
    dependencies=_changes,
    responses=raises(RedirectNotFound, RedirectExists, RedirectLoop, ImpossibleRedirect),
)
async def update_redirect(
    services: ServicesDep, editor: EditorDep, redirect_id: IdPath, data: RedirectUpdate
) -> Response:
    """Change a redirect."""
    return _shown(await services.content.redirects.change(editor, redirect_id, data))


@router.delete(
    "/redirects/{redirect_id}",
    dependencies=_changes,
    status_code=204,
    responses=raises(RedirectNotFound, RedirectLoop),
)
async def delete_redirect(services: ServicesDep, editor: EditorDep, redirect_id: IdPath) -> None:
    """Delete a redirect. It is refused if it keeps others from leading in a circle."""
    await services.content.redirects.delete(editor, redirect_id)


def _shown(redirect: RedirectOut, status: int = 200) -> Response:
    return json_response(redirect, redirect_validator(redirect.id, redirect.updated_at), status)
