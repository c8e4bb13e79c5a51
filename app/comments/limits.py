"""The rate limits of comments."""

from app.core.rate_limiter import Limit

# By IP address; a class may discuss an article.
COMMENT = Limit("comment", "30/minute")
COMMENTS_OF_ACCOUNT = Limit("comments-of-account", "10/minute;100/hour")
# A moderator may have a script against a wave of spam.
COMMENT_CHANGES_OF_ACCOUNT = Limit("comment-changes-of-account", "300/minute")
