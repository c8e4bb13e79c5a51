"""Queries for redirects."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import ColumnElement, Select, String, bindparam, literal_column, or_, select

from app.accounts.models import User
from app.content.models import Article, Redirect, RedirectMatch
from app.content.redirect_loops import Rule, rest_of, with_ancestors
from app.content.schemas.redirects import MAX_PREFIX_SEGMENTS
from app.core.site_paths import below, path_of
from app.db.compiled_selects import CompiledSelect
from app.db.keyset import Order

BY_SOURCE = Order("redirects", (Redirect.source, Redirect.id))
_PREFIXES = [f"prefix_{number}" for number in range(MAX_PREFIX_SEGMENTS + 1)]
# Never a source.
_NOTHING = ""


class FoundRedirect(NamedTuple):
    """A redirect that a path matches. `slug` is its article's, if it leads to one."""

    id: int
    source: str
    match: RedirectMatch
    target: str | None
    status: int
    slug: str | None

    @property
    def is_exact(self) -> bool:
        return self.match is RedirectMatch.EXACT

    def target_for(self, path: str) -> str | None:
        """Where it leads from this path, below the target as it was below the source; None if it is gone."""
        target = f"/{self.slug}" if self.slug is not None else self.target
        return below(target, rest_of(path, self.source)) if target is not None else None


def _matching() -> CompiledSelect:
    columns = (Redirect.id, Redirect.source, Redirect.match, Redirect.target, Redirect.status, Article.slug)
    sources = [bindparam(name, type_=String()) for name in ("path", *_PREFIXES)]
    is_prefix = Redirect.match == literal_column("'prefix'")
    is_exact = Redirect.source == bindparam("exact", type_=String())
    statement = select(*columns).outerjoin(Article, Article.id == Redirect.article_id)
    return CompiledSelect(statement.where(Redirect.source.in_(sources), or_(is_prefix, is_exact)))


# Those that a path matches; with `sources_for`.
MATCHING = _matching()


def sources_for(path: str) -> dict[str, str]:
    """The values of `MATCHING`."""
    short = [ancestor for ancestor in with_ancestors(path) if segments(ancestor) <= MAX_PREFIX_SEGMENTS]
    filled = [*short, *[_NOTHING] * len(_PREFIXES)]
    return {"path": path, "exact": path, **dict(zip(_PREFIXES, filled, strict=False))}


def segments(path: str) -> int:
    return path.count("/") if path != "/" else 0


def best(rows: Iterable[Sequence[Any]]) -> FoundRedirect | None:
    """The one that is meant: the exact one, or the one with the longest prefix."""
    found = map(FoundRedirect._make, rows)
    return max(found, key=lambda redirect: (redirect.is_exact, len(redirect.source)), default=None)


def shown() -> Select[Any]:
    """Redirects, each with the slug of its article and the username of its creator."""
    return (
        select(Redirect, Article.slug, User.username)
        .outerjoin(Article, Article.id == Redirect.article_id)
        .outerjoin(User, User.id == Redirect.created_by_id)
    )


def containing(text: str) -> ColumnElement[bool]:
    """Those with this text in their source, target or note."""
    encoded = quote(text, safe="%!$&'()*+,;=:@/?#[]")
    paths = (column.icontains(encoded, autoescape=True) for column in (Redirect.source, Redirect.target, Article.slug))
    return or_(*paths, Redirect.note.icontains(text, autoescape=True))


RULES = select(Redirect.source, Redirect.match, Redirect.target, Article.slug).outerjoin(
    Article, Article.id == Redirect.article_id
)


def rule(source: str, match: RedirectMatch, target: str | None, slug: str | None) -> Rule:
    leads_to = f"/{slug}" if slug is not None else path_of(target or "")
    return Rule(source, match is RedirectMatch.PREFIX, leads_to)
