"""The rate limits of comments."""

from app.core.rate_limiter import Limit

# By IP address; a class may discuss an article.
COMMENT = Limit("comment", "30/minute")
COMMENTS_OF_ACCOUNT = Limit("comments-of-account", "10/minute;100/hour")
