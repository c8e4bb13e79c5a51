"""What can go wrong with accounts, and with logging in to them."""

from collections.abc import Sequence

from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    message = "No account matches this login and password."
    leaves_traces = True


class InvalidAccessToken(Unauthenticated):
    code = "invalid_token"
    message = "The access token is wrong, expired or no longer valid; log in again."


class EmailNotVerified(Forbidden):
    code = "email_not_verified"
    message = "Verify your e-mail address first; the link is in the mail that was sent to you."


class EmailTaken(Conflict):
    code = "email_taken"
    message = "An account with this e-mail address exists."


class UsernameTaken(Conflict):
    code = "username_taken"
    message = "This username is taken."


class WeakPassword(Invalid):
    code = "weak_password"


class WrongPassword(Forbidden):
    code = "wrong_password"
    message = "The current password is wrong."
    leaves_traces = True


class RecentLoginRequired(Forbidden):
    code = "recent_login_required"
    message = "Give your current password, or log in again first."


class EmailDomainNotAllowed(Forbidden):
    code = "email_domain_not_allowed"
    message = "Addresses of this domain are not accepted here."


class RegistrationClosed(Forbidden):
    code = "registration_closed"
    message = "This blog opens no new accounts."


class InvalidInvitation(Forbidden):
    code = "invalid_invitation"
    message = "The invitation is missing, wrong, expired or already used."


class InvitationNotFound(NotFound):
    code = "invitation_not_found"
    message = "There is no such invitation."


class InvalidVerificationToken(Forbidden):
    code = "invalid_verification_token"
    message = "The verification link is wrong, expired or already used."


class InvalidResetToken(Forbidden):
    code = "invalid_reset_token"
    message = "The reset link is wrong, expired or already used."


class InvalidUndoToken(Forbidden):
    code = "invalid_undo_token"
    message = "The link is wrong, expired or no longer needed."


class UnknownSuccessor(Conflict):
    code = "unknown_successor"
    message = "Articles can be handed over only to somebody else who may write them."


class UserNotFound(NotFound):
    code = "user_not_found"
    message = "There is no such account."


class LastAdmin(Conflict):
    code = "last_admin"
    message = "This is the last active admin; make another account admin first."


class InvalidRefreshToken(Unauthenticated):
    code = "invalid_refresh_token"
    message = "The refresh token is wrong, expired or no longer valid; log in again."


class RefreshTokenReused(Unauthenticated):
    code = "refresh_token_reused"
    message = "This refresh token was used before, which may mean that it was stolen: the session has been ended."
    leaves_traces = True


class OriginNotAllowed(Forbidden):
    code = "origin_not_allowed"
    message = "Pages of this origin may not use the cookie."


class LoginSessionNotFound(NotFound):
    code = "session_not_found"
    message = "There is no such session."


class LoginRequired(Forbidden):
    code = "login_required"
    message = "A personal access token cannot do this; log in."


class InsufficientScope(Forbidden):
    code = "insufficient_scope"
    message = "The personal access token was not made for this."


class PersonalTokenNotFound(NotFound):
    code = "personal_token_not_found"
    message = "There is no such personal access token."


class TooManyPersonalTokens(Conflict):
    code = "too_many_personal_tokens"
    message = "Revoke a personal access token that you no longer need first."


class SecondFactorRequired(Unauthenticated):
    """The password was right; `pending_token` stands for that while the second factor in `methods` is asked for."""

    code = "second_factor_required"
    message = "Give your second factor as well."
    leaves_traces = True

    def __init__(self, detail: str | None = None, *, pending_token: str, methods: Sequence[str]) -> None:
        super().__init__(detail)
        self.pending_token = pending_token
        self.methods = list(methods)


class InvalidPendingToken(Unauthenticated):
    code = "invalid_pending_token"
    message = "The login took too long, or was not begun; log in again."


class InvalidSecondFactor(Unauthenticated):
    code = "invalid_second_factor"
    message = "The code is wrong or was used before."
    leaves_traces = True


class InvalidPasskey(Unauthenticated):
    code = "invalid_passkey"
    message = "The passkey could not be verified."
    leaves_traces = True


class SecondFactorMissing(Forbidden):
    code = "second_factor_missing"
    message = "Your role needs a second factor: set one up in your account, then log in with it."


class SecondFactorExists(Conflict):
    code = "second_factor_exists"
    message = "This second factor is set up already; remove it first."


class NoSecondFactor(Conflict):
    code = "no_second_factor"
    message = "No such second factor is set up."


class PasskeyNotFound(NotFound):
    code = "passkey_not_found"
    message = "There is no such passkey."


class PasskeyTaken(Conflict):
    code = "passkey_taken"
    message = "This passkey is registered already."


class UnknownProvider(NotFound):
    code = "unknown_provider"
    message = "This blog does not offer to sign in there."


class ProviderFailed(Unauthenticated):
    code = "provider_failed"
    message = "The provider did not confirm who you are; try again."


class ProviderEmailUnverified(Forbidden):
    code = "provider_email_unverified"
    message = "The provider has not verified your e-mail address."


class AccountNotLinked(Conflict):
    code = "account_not_linked"
    message = "An account with this e-mail address exists; log in to it and link the provider there."


class ProviderAccountTaken(Conflict):
    code = "provider_account_taken"
    message = "This account of the provider is linked to another account here."


class ProviderAlreadyLinked(Conflict):
    code = "provider_already_linked"
    message = "Another account of this provider is linked; unlink it first."


class ProviderNotLinked(NotFound):
    code = "provider_not_linked"
    message = "No account of this provider is linked."


class LastLoginMethod(Conflict):
    code = "last_login_method"
    message = "This is the only way into your account; set a password or add a passkey first."
