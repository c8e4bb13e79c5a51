"""What the audit log records about accounts."""

from app.audit.actions import action

ACCOUNT_REGISTERED = action("account.registered", "Someone opened an account.")
ACCOUNT_CREATED = action("account.created", "An operator or an import created an account.")
ACCOUNT_CHANGED = action("account.changed", "The owner or an admin changed an account; the fields are named.")
ACCOUNT_ROLE_CHANGED = action("account.role_changed", "An account was given another role.")
ACCOUNT_DEACTIVATED = action("account.deactivated", "An admin deactivated an account.")
ACCOUNT_REACTIVATED = action("account.reactivated", "An admin reactivated an account.")
EMAIL_CONFIRMED = action(
    "account.email_confirmed", "The owner confirmed an email address.", formerly=("account.address_confirmed",)
)
EMAIL_CHANGE_REQUESTED = action(
    "account.email_change_requested",
    "Someone logged in asked for another email address.",
    formerly=("account.address_change_requested",),
)
EMAIL_CHANGE_UNDONE = action(
    "account.email_change_undone",
    "The owner of the old email address took a change back, and everyone was logged out.",
    formerly=("account.address_change_undone",),
)
DELETION_REQUESTED = action("account.deletion_requested", "The owner asked for the account to be deleted.")
DELETION_UNDONE = action("account.deletion_undone", "The requested deletion of an account was cancelled.")
ACCOUNT_DELETED = action("account.deleted", "An account was deleted and its owner forgotten.")
ACCOUNT_EXPIRED = action("account.expired", "An account that was never confirmed was deleted.")

LOGIN_SUCCEEDED = action("login.succeeded", "Someone logged in, with the methods named.")
LOGIN_FAILED = action("login.failed", "Someone failed to log in; the subject is the account, if there is one.")
SECOND_FACTOR_FAILED = action("second_factor.failed", "The password was right and the second factor wrong.")
REAUTHENTICATION_FAILED = action("reauthentication.failed", "Someone logged in entered a wrong current password.")
SESSION_ENDED = action("session.ended", "A session was logged out.")
SESSION_ALL_ENDED = action("session.all_ended", "All sessions of an account were ended, or all but the current one.")
SESSION_TOKEN_REUSED = action("session.token_reused", "A refresh token was used twice, so its session was ended.")

PASSWORD_CHANGED = action("password.changed", "The owner changed the password.")
PASSWORD_RESET = action("password.reset", "The password was reset with an emailed link.")
PASSWORD_RESET_REQUESTED = action("password.reset_requested", "A password reset link was emailed.")
PASSWORD_RESET_LINK_MADE = action("password.reset_link_made", "An operator made a password reset link.")

TOTP_CONFIRMED = action("totp.confirmed", "An authenticator app was set up.")
TOTP_REMOVED = action("totp.removed", "The authenticator app was removed.")
PASSKEY_ADDED = action("passkey.added", "A passkey was added.")
PASSKEY_REMOVED = action("passkey.removed", "A passkey was removed.")
RECOVERY_CODES_RENEWED = action("recovery_codes.renewed", "New recovery codes replaced the old ones.")
RECOVERY_CODE_USED = action("recovery_code.used", "A recovery code replaced the second factor.")
SECOND_FACTORS_REMOVED = action("second_factors.removed", "An operator removed all second factors of an account.")
PROVIDER_LINKED = action("provider.linked", "An account at a provider was linked.")
PROVIDER_UNLINKED = action("provider.unlinked", "An account at a provider was unlinked.")
PERSONAL_TOKEN_CREATED = action("personal_token.created", "A personal access token was created.")
PERSONAL_TOKEN_REVOKED = action("personal_token.revoked", "A personal access token was revoked.")

INVITATION_CREATED = action("invitation.created", "Someone was invited to register, with a role.")
INVITATION_REVOKED = action("invitation.revoked", "An invitation was revoked.")
INVITATION_USED = action("invitation.used", "An account was opened with an invitation.")

SECRETS_ROTATED = action("secrets.rotated", "An operator put new secrets before the old ones; the settings are named.")
SECRETS_OLD_DROPPED = action("secrets.old_dropped", "An operator removed the old secrets; the settings are named.")
