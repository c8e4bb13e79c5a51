"""All tables, so that importing this package makes the metadata complete."""

from app.db.models.article import Article, ArticleStatus
from app.db.models.category import Category
from app.db.models.comment import Comment
from app.db.models.mail import OutboxMail
from app.db.models.tag import Tag, article_tags
from app.db.models.user import User

__all__ = ["Article", "ArticleStatus", "Category", "Comment", "OutboxMail", "Tag", "User", "article_tags"]
