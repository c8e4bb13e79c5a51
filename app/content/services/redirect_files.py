"""All redirects as CSV, and many of them from CSV at once."""

from collections.abc import Mapping

from sqlalchemy import select

from app.accounts.policies.actors import Principal
from app.content import audit_actions as actions
from app.content.models import Article, Redirect, RedirectMatch
from app.content.queries import redirects
from app.content.redirect_loops import Rule
from app.content.schemas.redirect_files import RedirectLine, csv_of
from app.content.schemas.redirects import RedirectImport, RedirectOut
from app.content.services.redirect_rules import lock_redirects, require_no_loop_in, stored_target
from app.unit_of_work import UnitOfWork

Key = tuple[str, RedirectMatch]
# With the slug of the article that it leads to, if it does.
Known = tuple[Redirect, str | None]


class RedirectFiles:
    """`by` is who does it; None is the command line. Nothing here checks permissions."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def export(self) -> str:
        """All redirects by their sources, as CSV."""
        rows = await self._unit.session.execute(redirects.BY_SOURCE.sort(redirects.shown()))
        return csv_of(RedirectOut.of(*row) for row in rows)

    async def load(self, by: Principal | None, lines: Mapping[str, RedirectLine], *, dry_run: bool) -> RedirectImport:
        """Store these redirects, each instead of the one from the same path; others stay. Raises `RedirectLoop`.

        All are stored or none; on a dry run, none.
        """
        await lock_redirects(self._unit.session)
        known = await self._known()
        wanted = {(line.source, line.match): self._stored(line) for line in lines.values()}
        changed = [key for key in wanted if key in known and _differs(*known[key], wanted[key])]
        new = wanted.keys() - known.keys()
        self._require_no_loop(known, wanted, [*changed, *sorted(new)])
        if not dry_run:
            self._apply(by, known, wanted, changed)
            await self._unit.session.flush()
        unchanged = len(wanted) - len(changed) - len(new)
        done = RedirectImport(created=len(new), changed=len(changed), unchanged=unchanged, dry_run=dry_run)
        if not dry_run and (new or changed):
            numbers = done.model_dump(include={"created", "changed", "unchanged"})
            self._unit.audit.record(actions.REDIRECTS_IMPORTED, actor=by.account if by else None, **numbers)
        return done

    async def _known(self) -> dict[Key, Known]:
        statement = select(Redirect, Article.slug).outerjoin(Article, Article.id == Redirect.article_id)
        rows = await self._unit.session.execute(statement)
        return {(redirect.source, redirect.match): (redirect, slug) for redirect, slug in rows}

    def _stored(self, line: RedirectLine) -> RedirectLine:
        return line.model_copy(update={"target": stored_target(line.target, self._unit.settings)})

    def _require_no_loop(
        self, known: Mapping[Key, Known], wanted: Mapping[Key, RedirectLine], touched: list[Key]
    ) -> None:
        rules: dict[Key, Rule] = {
            key: redirects.rule(redirect.source, redirect.match, redirect.target, slug)
            for key, (redirect, slug) in known.items()
        }
        for key in touched:
            rules[key] = redirects.rule(*key, wanted[key].target, None)
        require_no_loop_in(rules.values(), touched)

    def _apply(
        self,
        by: Principal | None,
        known: Mapping[Key, Known],
        wanted: Mapping[Key, RedirectLine],
        changed: list[Key],
    ) -> None:
        for key, line in wanted.items():
            if key not in known:
                self._unit.session.add(Redirect(**line.model_dump(), created_by_id=by.id if by else None))
        for key in changed:
            redirect, slug = known[key]
            line = wanted[key]
            redirect.status, redirect.note = line.status, line.note
            if line.target != _target(redirect, slug):
                redirect.target, redirect.article_id = line.target, None


def _target(redirect: Redirect, slug: str | None) -> str | None:
    return f"/{slug}" if slug is not None else redirect.target


def _differs(redirect: Redirect, slug: str | None, line: RedirectLine) -> bool:
    return (_target(redirect, slug), redirect.status, redirect.note) != (line.target, line.status, line.note)
