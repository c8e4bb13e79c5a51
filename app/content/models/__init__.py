"""Articles, and the tags and categories that sort them."""

from app.content.models import counters  # noqa: F401 - declares them
from app.content.models.article import Article, ArticleKind, ArticleStatus, Visibility
from app.content.models.category import Category
from app.content.models.tag import NAME_KEY_MAX_LENGTH, Tag, article_tags

__all__ = [
    "NAME_KEY_MAX_LENGTH",
    "Article",
    "ArticleKind",
    "ArticleStatus",
    "Category",
    "Tag",
    "Visibility",
    "article_tags",
]
