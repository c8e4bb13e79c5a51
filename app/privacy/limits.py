"""The rate limits of personal data."""

from app.core.rate_limiter import Limit

# An export reads everything that somebody has ever written.
EXPORTS_OF_ACCOUNT = Limit("exports-of-account", "5/hour")
