"""The public part of an account, as its owner edits it."""

from app.accounts import audit_actions as actions
from app.accounts.events import UsernameChanged
from app.accounts.models import User
from app.accounts.policies.actors import Principal
from app.accounts.schemas.users import ProfileUpdate
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.locking import lock_account, require_as_seen
from app.accounts.services.provisioning import UNIQUE_ACCOUNT
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork


class ProfileService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._account_emails = AccountEmails(unit)

    async def update(self, principal: Principal, data: ProfileUpdate) -> User:
        """Change what others see of the account. Raises `UsernameTaken`."""
        user = principal.account
        # An admin may have deleted the account since it was loaded; what was forgotten must not come back.
        await lock_account(self._unit.session, principal)
        await require_as_seen(self._unit.preconditions, user)
        before = user.username
        for name in data.model_fields_set:
            setattr(user, name, getattr(data, name))
        with translating(UNIQUE_ACCOUNT):
            await self._unit.session.flush()
        if user.username != before:
            # It is what one logs in with.
            await self._account_emails.security_changed(user, f"your username is now {user.username}", topic="username")
        self._unit.audit.record(actions.ACCOUNT_CHANGED, actor=user, subject=user, fields=sorted(data.model_fields_set))
        if user.username != before:
            await self._unit.emit(UsernameChanged(user.id, user.id, before))
        return user
