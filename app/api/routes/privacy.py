"""Exporting your data, and deleting your account."""

from collections.abc import Iterator
from typing import IO, Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.accounts.errors import (
    NOT_REAUTHENTICATED,
    LastAdmin,
    UnknownSuccessor,
)
from app.accounts.limits import ACCOUNT_CHANGES
from app.accounts.schemas.privacy import DeletionInput, DeletionOut
from app.api.body_last import BodyLastRoute
from app.api.deps import OwnerDep, RefreshCookieDep, ServicesDep, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.core.errors import TooManyRequests

_CHUNK_BYTES = 64 * 1024
router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/users/me",
    tags=[Tag("personal data", "Exporting what the blog knows about you, and deleting your account.")],
)


class _Zip(StreamingResponse):
    media_type = "application/zip"


_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {_Zip.media_type: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/export", response_class=_Zip, responses={**raises(TooManyRequests), **_ZIP})
async def export_my_data(services: ServicesDep, owner: OwnerDep) -> _Zip:
    """Download everything the blog knows about you as a ZIP file: account, articles, comments and audit events."""
    export = await services.exports.export(owner)
    headers = {
        "Content-Disposition": f'attachment; filename="{export.name}"',
        "Content-Length": str(export.size),
        "Cache-Control": "no-store",
    }
    return _Zip(_chunks_of(export.file), headers=headers)


@router.delete(
    "",
    dependencies=[limited_by_account(ACCOUNT_CHANGES)],
    status_code=202,
    responses=raises(*NOT_REAUTHENTICATED, LastAdmin, UnknownSuccessor),
)
async def delete_me(
    services: ServicesDep, owner: OwnerDep, data: DeletionInput, cookie: RefreshCookieDep
) -> DeletionOut:
    """Delete your account after a grace period. All sessions and personal access tokens end immediately.

    Logging in during the grace period cancels the deletion. Articles are handed over to a successor or removed.
    Comments on other articles stay, without your name.
    """
    due_at = await services.accounts.deletions.request(owner, data)
    cookie.clear()
    return DeletionOut(due_at=due_at)


def _chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
