"""What the export of an account has of its content."""

from app.content.exports.articles import ARTICLES, GENERATOR
from app.content.exports.former_usernames import FORMER_USERNAMES
from app.content.exports.redirects import REDIRECTS
from app.content.exports.revisions import REVISIONS
from app.content.exports.schedules import SCHEDULES

__all__ = ["ARTICLES", "FORMER_USERNAMES", "GENERATOR", "REDIRECTS", "REVISIONS", "SCHEDULES"]
