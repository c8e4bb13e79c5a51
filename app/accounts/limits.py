"""The rate limits of accounts, set above what people need."""

from app.core.rate_limiter import Limit

# By IP address; generous enough for a school behind one of them.
LOGIN = Limit("login", "30/minute")
REGISTER = Limit("register", "20/hour")
MAIL = Limit("mail", "20/hour")
TOKEN = Limit("token", "60/minute")
SEARCH = Limit("search", "60/minute")

# Failures in a row for one account: first it slows down, then it is locked, but for minutes only.
LOGIN_FAILURES = Limit("login-failures", "5/minute;15/15 minutes")
SECOND_FACTOR_FAILURES = Limit("second-factor-failures", "5/minute;15/15 minutes")
PASSWORD_FAILURES = Limit("password-failures", "5/minute;15/15 minutes")
# Mails to one mailbox, whoever asks for them.
MAILS_TO_RECIPIENT = Limit("mails-to-recipient", "5/hour")

# Each writes to an address that may be a stranger's.
EMAIL_CHANGES_OF_ACCOUNT = Limit("email-changes-of-account", "10/hour")

# By account: what people do with their accounts, and what admins, or their scripts, do with those of others.
ACCOUNT_CHANGES = Limit("account-changes", "60/minute")
ADMINISTRATION = Limit("administration", "300/minute")
