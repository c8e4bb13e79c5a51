"""Accounts: opened, confirmed, changed and deleted."""

from app.core.errors.categories import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


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


class MailNotFound(NotFound):
    code = "mail_not_found"
    message = "There is no such mail in the outbox; it may have left."


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


class UnknownHeir(Conflict):
    code = "unknown_heir"
    message = "Articles can be handed over only to somebody else who may write them."


class UserNotFound(NotFound):
    code = "user_not_found"
    message = "There is no such account."


class LastAdmin(Conflict):
    code = "last_admin"
    message = "This is the last active admin; make another account admin first."


class AuthorNotFound(NotFound):
    code = "author_not_found"
    message = "There is no such author."
