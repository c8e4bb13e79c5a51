"""What can go wrong with accounts, and with logging in to them."""

from collections.abc import Sequence

from app.core.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unauthenticated


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    message = "Incorrect login or password."
    commits_on_error = True


class InvalidAccessToken(Unauthenticated):
    code = "invalid_token"
    message = "The access token is invalid or has expired. Log in again."


class EmailNotVerified(Forbidden):
    code = "email_not_verified"
    message = "Verify your email address first, using the link in the email we sent you."


class EmailTaken(Conflict):
    code = "email_taken"
    message = "An account with this email address already exists."


class UsernameTaken(Conflict):
    code = "username_taken"
    message = "This username is already taken."


class WeakPassword(Invalid):
    code = "weak_password"


class WrongPassword(Forbidden):
    code = "wrong_password"
    message = "The current password is incorrect."
    commits_on_error = True


class RecentLoginRequired(Forbidden):
    code = "recent_login_required"
    message = "Enter your current password, or log in again first."


class EmailDomainNotAllowed(Forbidden):
    code = "email_domain_not_allowed"
    message = "Email addresses at this domain are not accepted."


class RegistrationClosed(Forbidden):
    code = "registration_closed"
    message = "Registration is closed."


class InvalidInvitation(Forbidden):
    code = "invalid_invitation"
    message = "The invitation is missing, invalid, expired or already used."


class InvitationNotFound(NotFound):
    code = "invitation_not_found"
    message = "Invitation not found."


class InvalidVerificationToken(Forbidden):
    code = "invalid_verification_token"
    message = "The verification link is invalid, expired or already used."


class InvalidResetToken(Forbidden):
    code = "invalid_reset_token"
    message = "The reset link is invalid, expired or already used."


class InvalidUndoToken(Forbidden):
    code = "invalid_undo_token"
    message = "The link is invalid, expired or no longer needed."


class UnknownSuccessor(Conflict):
    code = "unknown_successor"
    message = "Articles can only be handed over to another user who is allowed to write articles."


class UserNotFound(NotFound):
    code = "user_not_found"
    message = "Account not found."


class LastAdmin(Conflict):
    code = "last_admin"
    message = "This is the last active admin. Make another account an admin first."


class InvalidRefreshToken(Unauthenticated):
    code = "invalid_refresh_token"
    message = "The refresh token is invalid or has expired. Log in again."


class RefreshTokenReused(Unauthenticated):
    code = "refresh_token_reused"
    message = "This refresh token was used before, so it may have been stolen. The session has been ended."
    commits_on_error = True


class OriginNotAllowed(Forbidden):
    code = "origin_not_allowed"
    message = "Pages from this origin are not allowed to use the cookie."


class LoginSessionNotFound(NotFound):
    code = "session_not_found"
    message = "Session not found."


class LoginRequired(Forbidden):
    code = "login_required"
    message = "Personal access tokens cannot be used for this. Log in instead."


class InsufficientScope(Forbidden):
    code = "insufficient_scope"
    message = "The personal access token does not have the required scope."


class PersonalTokenNotFound(NotFound):
    code = "personal_token_not_found"
    message = "Personal access token not found."


class TooManyPersonalTokens(Conflict):
    code = "too_many_personal_tokens"
    message = "Too many personal access tokens. Revoke one that you no longer need first."


class SecondFactorRequired(Unauthenticated):
    """The password was correct; `pending_token` proves it until one of the second factors in `methods` is given."""

    code = "second_factor_required"
    message = "A second factor is required."
    commits_on_error = True

    def __init__(self, detail: str | None = None, *, pending_token: str, methods: Sequence[str]) -> None:
        super().__init__(detail)
        self.pending_token = pending_token
        self.methods = list(methods)


class InvalidPendingToken(Unauthenticated):
    code = "invalid_pending_token"
    message = "The login has expired or was never started. Log in again."


class InvalidSecondFactor(Unauthenticated):
    code = "invalid_second_factor"
    message = "The code is incorrect or was already used."
    commits_on_error = True


class InvalidPasskey(Unauthenticated):
    code = "invalid_passkey"
    message = "The passkey could not be verified."
    commits_on_error = True


class SecondFactorMissing(Forbidden):
    code = "second_factor_missing"
    message = "Your role requires a second factor. Set one up in your account, then log in with it."


class SecondFactorExists(Conflict):
    code = "second_factor_exists"
    message = "This second factor is already set up. Remove it first."


class NoSecondFactor(Conflict):
    code = "no_second_factor"
    message = "This second factor is not set up."


class PasskeyNotFound(NotFound):
    code = "passkey_not_found"
    message = "Passkey not found."


class PasskeyTaken(Conflict):
    code = "passkey_taken"
    message = "This passkey is already registered."


class UnknownProvider(NotFound):
    code = "unknown_provider"
    message = "Sign-in with this provider is not available."


class ProviderFailed(Unauthenticated):
    code = "provider_failed"
    message = "The provider did not confirm your identity. Try again."


class ProviderEmailUnverified(Forbidden):
    code = "provider_email_unverified"
    message = "The provider has not verified your email address."


class AccountNotLinked(Conflict):
    code = "account_not_linked"
    message = "An account with this email address already exists. Log in to it, then link the provider."


class ProviderAccountTaken(Conflict):
    code = "provider_account_taken"
    message = "This provider account is already linked to another account."


class ProviderAlreadyLinked(Conflict):
    code = "provider_already_linked"
    message = "Another account at this provider is already linked. Unlink it first."


class ProviderNotLinked(NotFound):
    code = "provider_not_linked"
    message = "No account at this provider is linked."


class LastLoginMethod(Conflict):
    code = "last_login_method"
    message = "This is your only way to log in. Set a password or add a passkey first."


class UnknownAuditAction(Invalid):
    code = "unknown_audit_action"
    message = "The audit log has no such action."


# What `policies.actors` refuses with: whoever may not write at all, and whoever does not have the role.
NOT_VERIFIED = (Unauthenticated, EmailNotVerified, InsufficientScope, SecondFactorMissing)
NOT_IN_ROLE = (*NOT_VERIFIED, Forbidden)
# What reauthentication fails with.
NOT_REAUTHENTICATED = (WrongPassword, RecentLoginRequired, TooManyRequests)
