"""What keeps redirects from leading in a circle, whoever changes them, and however many at once."""

from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from app.content.errors import RedirectExists, RedirectLoop
from app.content.models import RedirectMatch
from app.content.queries import redirects
from app.content.redirect_loops import Rule, Rules, shown
from app.content.services.own_addresses import path_on_site
from app.core.config import Settings
from app.db.advisory_locks import AdvisoryLock, take_advisory_lock

UNIQUE = {"uq_redirects_source_match": RedirectExists(field="source")}


async def lock_redirects(session: AsyncSession) -> None:
    """Wait until nobody else changes redirects: two that are harmless alone can be a circle together."""
    await take_advisory_lock(session, AdvisoryLock.REDIRECTS)


async def require_no_loop(session: AsyncSession, changed: Iterable[tuple[str, RedirectMatch]]) -> None:
    """Raise `RedirectLoop` if one is led in a circle from one of these now, which were changed or removed."""
    rows = await session.execute(redirects.RULES)
    require_no_loop_in([redirects.rule(*row) for row in rows], changed)


def require_no_loop_in(rules: Collection[Rule], changed: Iterable[tuple[str, RedirectMatch]]) -> None:
    """The same for these rules."""
    chain = Rules(rules).loop_through((source, match is RedirectMatch.PREFIX) for source, match in changed)
    if chain is not None:
        whither = "in a circle" if chain[-1] in chain[:-1] else "on and on"
        raise RedirectLoop(f"This would lead {whither}: {shown(chain)}.", field="target")


def stored_target(target: str | None, settings: Settings) -> str | None:
    """The target as it is stored: a URL of this site is a path, so that circles are found."""
    return path_on_site(target, settings.frontend_url) if target is not None else None
