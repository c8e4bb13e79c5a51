"""The rate limits of articles, tags, categories and redirects."""

from app.core.rate_limiter import Limit

# An editor that saves every few seconds, in several tabs, or a script that moves a blog here.
CONTENT_CHANGES_OF_ACCOUNT = Limit("content-changes-of-account", "300/minute")
# Of long texts, each takes about a second.
COMPARISONS_OF_ACCOUNT = Limit("comparisons-of-account", "60/minute")
# Each may have thousands of lines.
REDIRECT_IMPORTS_OF_ACCOUNT = Limit("redirect-imports-of-account", "30/hour")
