"""The services of accounts."""

from app.accounts.policies.actors import Principal
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.admin_users import AdminUserService
from app.accounts.services.audit_trail import AuditTrail
from app.accounts.services.deletions import AccountDeletionService
from app.accounts.services.email_changes import EmailChangeService
from app.accounts.services.invitations import InvitationService
from app.accounts.services.logins import LoginService
from app.accounts.services.passkeys import PasskeyService
from app.accounts.services.personal_tokens import PersonalTokenService, is_personal
from app.accounts.services.profiles import ProfileService
from app.accounts.services.provider_links import ProviderLinkService
from app.accounts.services.providers import ProviderSignInService
from app.accounts.services.provisioning import ProvisioningService
from app.accounts.services.recovery import RecoveryService
from app.accounts.services.registration import RegistrationService
from app.accounts.services.second_factors import SecondFactorService
from app.accounts.services.sessions import SessionService
from app.accounts.services.stored_secrets import StoredSecrets
from app.unit_of_work import UnitOfWork, per_unit


class AccountServices:
    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit

    account_emails = per_unit(AccountEmails)
    admin_users = per_unit(AdminUserService)
    audit_trail = per_unit(AuditTrail)
    deletions = per_unit(AccountDeletionService)
    email_changes = per_unit(EmailChangeService)
    invitations = per_unit(InvitationService)
    logins = per_unit(LoginService)
    passkeys = per_unit(PasskeyService)
    personal_tokens = per_unit(PersonalTokenService)
    profiles = per_unit(ProfileService)
    provider_links = per_unit(ProviderLinkService)
    providers = per_unit(ProviderSignInService)
    provisioning = per_unit(ProvisioningService)
    recovery = per_unit(RecoveryService)
    registration = per_unit(RegistrationService)
    second_factors = per_unit(SecondFactorService)
    sessions = per_unit(SessionService)
    stored_secrets = per_unit(StoredSecrets)

    async def principal(self, token: str) -> Principal:
        """The principal of this bearer token. Raises `InvalidAccessToken`."""
        if is_personal(token):
            return await self.personal_tokens.principal(token)
        return await self.sessions.principal(token)
