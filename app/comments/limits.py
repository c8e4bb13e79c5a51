"""The rate limits of comments."""

from app.core.rate_limiter import Limit

# By IP address; a class may discuss an article.
COMMENT = Limit("comment", "30/minute")
COMMENTS_OF_ACCOUNT = Limit("comments-of-account", "10/minute;100/hour")
# An edit is rendered like a comment; somebody who corrects themselves takes a few of them.
COMMENT_EDITS_OF_ACCOUNT = Limit("comment-edits-of-account", "15/minute;150/hour")
# A moderator may have a script against a wave of spam.
COMMENT_CHANGES_OF_ACCOUNT = Limit("comment-changes-of-account", "300/minute")
