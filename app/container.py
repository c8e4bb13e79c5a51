"""The services of one unit of work, for requests and commands alike."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

import app.hooks  # noqa: F401 - tables without hooks would invalidate nothing
from app.accounts.policies.actors import Principal
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.admin_users import AdminUserService
from app.accounts.services.audit_trail import AuditTrail
from app.accounts.services.challenges import Challenges
from app.accounts.services.deletions import AccountDeletionService
from app.accounts.services.email_changes import EmailChangeService
from app.accounts.services.invitations import InvitationService
from app.accounts.services.logins import LoginService
from app.accounts.services.mail_requests import MailRequests
from app.accounts.services.passkeys import PasskeyService
from app.accounts.services.personal_tokens import PersonalTokenService, is_personal
from app.accounts.services.profiles import ProfileService
from app.accounts.services.provider_flows import ProviderFlows
from app.accounts.services.provider_links import ProviderLinkService
from app.accounts.services.providers import ProviderSignInService
from app.accounts.services.provisioning import ProvisioningService
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.services.recovery import RecoveryService
from app.accounts.services.registration import RegistrationService
from app.accounts.services.second_factor_state import SecondFactorState
from app.accounts.services.second_factors import SecondFactorService
from app.accounts.services.sessions import SessionService
from app.accounts.services.stored_secrets import StoredSecrets
from app.accounts.user_manager import AccessTokens, UserManager
from app.accounts.webauthn import relying_party
from app.audit.log import AuditLog
from app.comments.service import CommentService
from app.content.services.articles import ArticleService
from app.content.services.authors import AuthorService
from app.content.services.categories import CategoryService
from app.content.services.tags import TagService
from app.content.services.written_articles import WrittenArticles
from app.core.client import Client
from app.db.compiled_selects import SessionRows
from app.db.read_context import ReadContext
from app.mail.messages import MessageWriter
from app.mail.outbox import Outbox
from app.mail.outbox_admin import OutboxAdmin
from app.privacy.exporter import ExportService
from app.process import ProcessContext


class Services:
    """Creates each service on first use; the caller that opened the session commits it."""

    def __init__(
        self, session: AsyncSession, process: ProcessContext, client: Client, context: ReadContext | None = None
    ) -> None:
        """The blog is read through the session, unless another read context is given."""
        self._session = session
        self._context = context or ReadContext(SessionRows(session))
        self._process = process
        self._client = client
        self._settings = process.settings
        self._limiter = process.limiter
        self._passwords = process.passwords

    # --- What services are made of ---------------------------------------------------------------------------------

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self._session, self._client)

    @cached_property
    def audit_trail(self) -> AuditTrail:
        return AuditTrail(self._session)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self._session)

    @cached_property
    def messages(self) -> MessageWriter:
        return MessageWriter(self._settings.site_name, self._settings.frontend_url)

    @cached_property
    def mail_requests(self) -> MailRequests:
        return MailRequests(self._session, self._limiter, self._client)

    @cached_property
    def account_emails(self) -> AccountEmails:
        return AccountEmails(self.outbox, self.messages)

    @cached_property
    def manager(self) -> UserManager:
        return UserManager(self._session, self._settings)

    @cached_property
    def reauthentication(self) -> Reauthentication:
        return Reauthentication(self._passwords, self._limiter, self.audit)

    async def principal(self, token: str) -> Principal:
        """The principal of this bearer token. Raises `InvalidAccessToken`."""
        if is_personal(token):
            return await self.personal_tokens.principal(token)
        return await self.sessions.principal(token)

    # --- Accounts ------------------------------------------------------------------------------------------------

    @cached_property
    def provisioning(self) -> ProvisioningService:
        return ProvisioningService(self._session, self._passwords, self.audit)

    @cached_property
    def profiles(self) -> ProfileService:
        return ProfileService(self._session, self.audit, self.account_emails)

    @cached_property
    def registration(self) -> RegistrationService:
        return RegistrationService(
            self._session,
            self._settings,
            self._passwords,
            self._limiter,
            self.mail_requests,
            self.manager,
            self.outbox,
            self.messages,
            self.audit,
            self.account_emails,
            self.invitations,
        )

    @cached_property
    def invitations(self) -> InvitationService:
        return InvitationService(self._session, self._settings, self._limiter, self.outbox, self.messages, self.audit)

    @cached_property
    def personal_tokens(self) -> PersonalTokenService:
        return PersonalTokenService(
            self._session, self._settings, self.reauthentication, self.audit, self.account_emails
        )

    @cached_property
    def sessions(self) -> SessionService:
        tokens = AccessTokens(self._settings)
        return SessionService(self._session, self._settings, self._client, tokens, self.audit, self.account_emails)

    @cached_property
    def logins(self) -> LoginService:
        return LoginService(
            self._session,
            self._settings,
            self._passwords,
            self._limiter,
            self.sessions,
            self.audit,
            self.deletions,
        )

    @cached_property
    def deletions(self) -> AccountDeletionService:
        return AccountDeletionService(
            self._session,
            self._settings,
            self.reauthentication,
            self.sessions,
            self.audit,
            self.account_emails,
            WrittenArticles(self._session),
        )

    @cached_property
    def second_factor_state(self) -> SecondFactorState:
        return SecondFactorState(self._session, self.sessions)

    @cached_property
    def second_factors(self) -> SecondFactorService:
        return SecondFactorService(
            self._session,
            self._settings,
            self._process.cipher,
            self._limiter,
            self.logins,
            self.reauthentication,
            self.second_factor_state,
            self.audit,
            self.account_emails,
        )

    @cached_property
    def passkeys(self) -> PasskeyService:
        settings = self._settings
        here = relying_party(settings.site_name, settings.frontend_url, settings.cors_origins)
        return PasskeyService(
            self._session,
            here,
            self._process.identities.names(),
            Challenges(self._session),
            self.logins,
            self.reauthentication,
            self.second_factor_state,
            self.audit,
            self.account_emails,
        )

    @cached_property
    def provider_flows(self) -> ProviderFlows:
        return ProviderFlows(self._settings, self._process.identities)

    @cached_property
    def provider_links(self) -> ProviderLinkService:
        return ProviderLinkService(
            self._session,
            self.provider_flows,
            self.reauthentication,
            self.second_factor_state,
            self.audit,
            self.account_emails,
        )

    @cached_property
    def providers(self) -> ProviderSignInService:
        return ProviderSignInService(
            self._session, self._settings, self.provider_flows, self.provider_links, self.logins, self.audit
        )

    @cached_property
    def recovery(self) -> RecoveryService:
        return RecoveryService(
            self._session,
            self._passwords,
            self.mail_requests,
            self.manager,
            self.logins,
            self.reauthentication,
            self.outbox,
            self.messages,
            self.audit,
            self.account_emails,
        )

    @cached_property
    def exports(self) -> ExportService:
        return ExportService(self._session, self._limiter, self.audit)

    @cached_property
    def email_changes(self) -> EmailChangeService:
        return EmailChangeService(
            self._session,
            self._limiter,
            self.manager,
            self.registration,
            self.recovery,
            self.sessions,
            self.second_factor_state,
            self.reauthentication,
            self.outbox,
            self.messages,
            self.audit,
        )

    @cached_property
    def admin_users(self) -> AdminUserService:
        return AdminUserService(
            self._session, self.sessions, self.audit, self.deletions, self.account_emails, self.manager, self.messages
        )

    @cached_property
    def outbox_admin(self) -> OutboxAdmin:
        return OutboxAdmin(self._session, self.audit)

    @cached_property
    def stored_secrets(self) -> StoredSecrets:
        return StoredSecrets(self._session)

    # --- The blog ------------------------------------------------------------------------------------------------

    @cached_property
    def articles(self) -> ArticleService:
        return ArticleService(self._session, self._context, self.tags, self.categories, self.audit)

    @cached_property
    def authors(self) -> AuthorService:
        return AuthorService(self._context)

    @cached_property
    def comments(self) -> CommentService:
        return CommentService(self._session, self._context, self.audit)

    @cached_property
    def tags(self) -> TagService:
        return TagService(self._session, self._context, self.audit)

    @cached_property
    def categories(self) -> CategoryService:
        return CategoryService(self._session, self._context, self.audit)
