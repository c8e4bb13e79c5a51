"""The rate limits of articles, tags and categories."""

from app.core.rate_limiter import Limit

# An editor that saves every few seconds, in several tabs, or a script that moves a blog here.
CONTENT_CHANGES_OF_ACCOUNT = Limit("content-changes-of-account", "300/minute")
