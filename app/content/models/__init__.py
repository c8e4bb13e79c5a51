"""Articles, and the tags and categories that sort them."""

from app.content.models.article import Article, ArticleStatus
from app.content.models.category import Category
from app.content.models.counters import COUNTING
from app.content.models.tag import Tag, article_tags

__all__ = ["COUNTING", "Article", "ArticleStatus", "Category", "Tag", "article_tags"]
