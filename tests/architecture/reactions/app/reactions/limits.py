"""The rate limits of reactions."""

from app.core.rate_limiter import Limit

# Somebody who reads through an archive clicks a lot.
REACTIONS_OF_ACCOUNT = Limit("reactions-of-account", "60/minute")
