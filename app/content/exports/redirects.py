"""Redirects in the export of an account."""

from datetime import datetime

from sqlalchemy import Select, select

from app.accounts.exports.parts import JsonList
from app.accounts.policies.actors import Principal
from app.content.models import Redirect
from app.core.schemas.base import Output


class ExportedRedirect(Output):
    source: str
    match: str
    created_at: datetime


def _redirects(owner: Principal, after: int) -> Select[tuple[Redirect]]:
    return select(Redirect).where(Redirect.created_by_id == owner.id, Redirect.id > after).order_by(Redirect.id)


REDIRECTS = JsonList(
    "redirects.json",
    "the redirects that you created",
    _redirects,
    lambda redirect, _owner: ExportedRedirect.model_validate(redirect),
)
