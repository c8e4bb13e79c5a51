"""Everything that the blog knows about a user, read in batches and packed in a thread."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from typing import Any

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel
from sqlalchemy import Select, select

from app.accounts.models import EmailChange, Invitation, LoginSession, Passkey, PersonalToken, ProviderAccount, User
from app.accounts.policies.actors import Principal
from app.accounts.schemas.users import UserOut
from app.audit.models import AuditEvent
from app.comments.models import Comment
from app.core import clock
from app.core.rate_limits import EXPORTS_OF_ACCOUNT
from app.db.session import begin_writing, reading
from app.privacy import audit_actions as actions
from app.privacy import queries as exports
from app.privacy.archive import Archive, Export
from app.privacy.posts import file_name, post_of
from app.privacy.schemas import (
    ExportedAccount,
    ExportedComment,
    ExportedEmailChange,
    ExportedEvent,
    ExportedInvitation,
    ExportedPasskey,
    ExportedPersonalToken,
    ExportedProviderAccount,
    ExportedSession,
)
from app.unit_of_work import UnitOfWork

# Bodies have up to half a million characters.
_ARTICLES = 20
_ROWS = 200
_MAX_CONCURRENT = 2
_README = """\
This is what the blog knows about you.

account.json    your account: how you log in, your sessions and the invitations you sent
articles        your articles, one Markdown file each; they can be imported again (drafts and deleted articles become
                drafts)
comments.json   your comments; deleted ones have the date of their deletion
audit.json      what was recorded about what you did and what was done to your account

Passwords and other secrets are not included.
"""


class ExportService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def export(self, principal: Principal) -> Export:
        """All of the user's data in one complete file. Raises `TooManyRequests`."""
        user = principal.account
        await self._unit.limiter.hit(EXPORTS_OF_ACCOUNT, str(user.id))
        archive = Archive()
        try:
            await self._fill(archive, user)
            name = f"{user.username}-{clock.now():%Y-%m-%d}.zip"
            export: Export = await _in_thread(archive.finish, name)
            await begin_writing(self._unit.session)
            self._unit.audit.record(actions.ACCOUNT_EXPORTED, actor=user, subject=user)
            await self._unit.session.flush()
        except BaseException:
            archive.discard()
            raise
        return export

    async def _fill(self, archive: Archive, user: User) -> None:
        await _in_thread(archive.add, {"README.txt": _README})
        await _in_thread(archive.add_json, "account.json", _plain(await self._account(user)))
        async for articles in self._batches(exports.articles, user, _ARTICLES):
            await _in_thread(lambda batch: archive.add({file_name(a): post_of(a, user) for a in batch}), articles)
        await self._list(archive, "comments.json", exports.comments, user, _comment)
        await self._list(archive, "audit.json", exports.events, user, lambda event: _event(event, user))

    async def _account(self, user: User) -> ExportedAccount:
        invitations = select(Invitation).where(Invitation.invited_by_id == user.id).order_by(Invitation.id)
        async with reading(self._unit.session):
            apps, codes = (await self._unit.session.execute(exports.second_factors(user.id))).one()
            return ExportedAccount(
                account=UserOut.model_validate(user),
                has_authenticator_app=bool(apps),
                recovery_codes_left=codes,
                passkeys=await self._owned(Passkey, user, ExportedPasskey),
                linked_providers=await self._owned(ProviderAccount, user, ExportedProviderAccount),
                personal_tokens=await self._owned(PersonalToken, user, ExportedPersonalToken),
                sessions=await self._owned(LoginSession, user, ExportedSession),
                email_changes=await self._owned(EmailChange, user, ExportedEmailChange),
                invitations=await self._all(invitations, ExportedInvitation),
            )

    async def _owned(self, table: Any, user: User, schema: type[BaseModel]) -> list[Any]:
        return await self._all(exports.owned(table, user.id), schema)

    async def _all(self, statement: Select[Any], schema: type[BaseModel]) -> list[Any]:
        return [schema.model_validate(row) for row in await self._unit.session.scalars(statement)]

    async def _list(
        self,
        archive: Archive,
        name: str,
        query: Callable[[int, int], Select[Any]],
        user: User,
        item: Callable[[Any], BaseModel],
    ) -> None:
        await _in_thread(archive.begin_list, name)
        async for rows in self._batches(query, user, _ROWS):
            await _in_thread(lambda batch: archive.extend_list(_plain(item(row)) for row in batch), rows)
        await _in_thread(archive.end_list)

    async def _batches(
        self, query: Callable[[int, int], Select[Any]], user: User, size: int
    ) -> AsyncIterator[Sequence[Any]]:
        """Use a short transaction for each batch: no connection is held while it is packed."""
        last = 0
        while True:
            async with reading(self._unit.session):
                rows = (await self._unit.session.scalars(query(user.id, last).limit(size))).all()
            if not rows:
                return
            last = rows[-1].id
            yield rows
            if len(rows) < size:
                return


def _plain(item: BaseModel) -> dict[str, Any]:
    return item.model_dump(mode="json")


def _comment(comment: Comment) -> ExportedComment:
    return ExportedComment(
        id=comment.id,
        article=comment.article.slug,
        parent_id=comment.parent_id,
        body_markdown=comment.body_markdown,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        deleted_at=comment.deleted_at,
    )


def _event(event: AuditEvent, user: User) -> ExportedEvent:
    # Of somebody who was not logged in the place is told: it may be an attempt at the account.
    is_told = event.actor_id in {user.id, None}
    return ExportedEvent(
        at=event.at,
        action=event.action,
        by_you=event.actor_id == user.id,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        ip_address=event.ip_address if is_told else None,
        user_agent=event.user_agent if is_told else None,
        details=event.details,
    )


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run CPU-heavy packing in a thread, two at a time, to leave the other cores to the blog."""
    return await to_thread.run_sync(work, *arguments, limiter=_limiter())


@cache
def _limiter() -> CapacityLimiter:
    return CapacityLimiter(_MAX_CONCURRENT)
