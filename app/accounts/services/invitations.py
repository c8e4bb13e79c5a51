"""Invitations to register: created, listed, revoked and used."""

from datetime import timedelta

from sqlalchemy import select, update

from app.accounts import audit_actions as actions
from app.accounts.errors import InvalidInvitation, InvitationNotFound
from app.accounts.models import Invitation, User
from app.accounts.policies.actors import Actor, require_role
from app.accounts.policies.registration import require_allowed_domain, require_inviting, require_open_registration
from app.accounts.queries import invitations
from app.accounts.schemas.invitations import InvitationInput, InvitationOut, NewInvitation
from app.accounts.services.locking import lock_account
from app.accounts.services.mail_requests import MailRequests
from app.core import clock
from app.core.opaque_tokens import digest_of, new_token
from app.core.roles import Role
from app.core.schemas.pages import PageQuery
from app.db.paging import PageResult, fetch_page
from app.db.session import changed_a_row, reading
from app.unit_of_work import UnitOfWork

PREFIX = "cli"
INVITATION_DAYS = 7


class InvitationService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def create(self, actor: Actor, data: InvitationInput) -> NewInvitation:
        """Invite someone to register with this role, by email if an address is given.

        Raises `RegistrationClosed`, `EmailDomainNotAllowed` or `TooManyRequests`.
        """
        principal = require_inviting(actor, data.role)
        inviter = principal.account
        token = new_token(PREFIX)
        require_open_registration(self._unit.settings.registration, token)
        if data.email is not None:
            require_allowed_domain(data.email, self._unit.settings)
            await MailRequests(self._unit).require_room(data.email)
        # Whoever has just been locked out must not leave a way in behind.
        await lock_account(self._unit.session, principal)
        if data.email is not None:
            mail = self._unit.messages.invitation(data.email, inviter.username, token, INVITATION_DAYS)
            self._unit.outbox.put(mail)
        invitation = Invitation(
            digest=digest_of(token),
            role=data.role,
            email=data.email,
            invited_by_id=inviter.id,
            expires_at=clock.now() + timedelta(days=INVITATION_DAYS),
        )
        self._unit.session.add(invitation)
        await self._unit.session.flush()
        self._unit.audit.record(actions.INVITATION_CREATED, actor=inviter, subject=invitation, role=data.role)
        made = _to_schema(invitation, inviter.username, None)
        return NewInvitation(**made.model_dump(), token=None if data.email is not None else token)

    async def list(self, actor: Actor, query: PageQuery) -> PageResult[InvitationOut]:
        """The actor's own invitations, or everyone's for admins; newest first. Raises `InvalidCursor`."""
        principal = require_role(actor, Role.EDITOR)
        statement = invitations.with_names().where(invitations.visible_to(principal))
        page = await fetch_page(self._unit.session, statement, invitations.NEWEST, query)
        return PageResult([_to_schema(*row[:3]) for row in page.items], page.next_cursor)

    async def revoke(self, actor: Actor, invitation_id: int) -> None:
        """Revoke an invitation. Raises `InvitationNotFound`, also for one that has been used."""
        principal = require_role(actor, Role.EDITOR)
        wanted = select(Invitation).where(Invitation.id == invitation_id, invitations.visible_to(principal))
        invitation = await self._unit.session.scalar(wanted.with_for_update())
        if invitation is None:
            raise InvitationNotFound
        if invitation.used_at is not None:
            raise InvitationNotFound("This invitation has already been used.")
        self._unit.audit.record(actions.INVITATION_REVOKED, actor=principal.account, subject=invitation)
        await self._unit.session.delete(invitation)

    async def found(self, token: str) -> Invitation:
        """The invitation with this token, without using it up. Raises `InvalidInvitation`."""
        wanted = select(Invitation).where(Invitation.digest == digest_of(token), invitations.is_good(clock.now()))
        async with reading(self._unit.session):
            invitation = await self._unit.session.scalar(wanted)
        if invitation is None:
            raise InvalidInvitation(field="invitation")
        return invitation

    async def use(self, invitation: Invitation, user: User) -> None:
        """Use up an invitation for this account. Raises `InvalidInvitation` if it is no longer valid."""
        now = clock.now()
        # The address has served its purpose.
        using = (
            update(Invitation)
            .where(Invitation.id == invitation.id, invitations.is_good(now))
            .values(used_at=now, used_by_id=user.id, email=None)
            .execution_options(synchronize_session=False)
        )
        if not await changed_a_row(self._unit.session, using):
            raise InvalidInvitation(field="invitation")
        self._unit.audit.record(actions.INVITATION_USED, actor=user, subject=invitation)


def _to_schema(invitation: Invitation, invited_by: str, used_by: str | None) -> InvitationOut:
    return InvitationOut(
        id=invitation.id,
        role=invitation.role,
        email=invitation.email,
        invited_by=invited_by,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        used_at=invitation.used_at,
        used_by=used_by,
    )
