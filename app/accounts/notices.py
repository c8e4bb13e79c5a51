"""What the owners of accounts are told without having asked, each kind at once and then at most every 15 minutes."""

from app.mail.notices import notice_kind

STOLEN_SESSION = notice_kind("stolen_session", "We ended one of your sessions")
PASSWORD_CHANGED = notice_kind("password_changed", "Your password was changed")
SECURITY_CHANGED = notice_kind("security_changed", "Security notice for your account")
EMAIL_CHANGE_REQUESTED = notice_kind(
    "email_change_requested", "New email address for your account", template="email_change"
)
# A kind of its own: that it has happened is told at once, however often it was requested before.
EMAIL_CHANGED = notice_kind("email_changed", "New email address for your account", template="email_change")
DELETION_REQUESTED = notice_kind("deletion_requested", "Your account will be deleted")
DELETION_UNDONE = notice_kind("deletion_undone", "Your account will be kept")
ARTICLES_HANDED_OVER = notice_kind("articles_handed_over", "Articles were handed over to you", adds=("count",))
