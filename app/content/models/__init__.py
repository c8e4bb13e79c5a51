"""Articles, what is written beside them and was before, and the tags and categories that sort them."""

from app.content.models import counters  # noqa: F401 - declares them
from app.content.models.article import Article
from app.content.models.article_copy import ArticleCopy, Purpose
from app.content.models.article_slug import ArticleSlug, TakenSlug
from app.content.models.category import Category
from app.content.models.former_name import FormerName, Named
from app.content.models.redirect import Redirect, RedirectMatch
from app.content.models.revision import Reason, Revision, RevisionText
from app.content.models.schedule import Failure, Schedule
from app.content.models.snapshot import Snapshot
from app.content.models.states import ArticleKind, ArticleStatus, Visibility
from app.content.models.tag import NAME_KEY_MAX_LENGTH, Tag, article_tags

__all__ = [
    "NAME_KEY_MAX_LENGTH",
    "Article",
    "ArticleCopy",
    "ArticleKind",
    "ArticleSlug",
    "ArticleStatus",
    "Category",
    "Failure",
    "FormerName",
    "Named",
    "Purpose",
    "Reason",
    "Redirect",
    "RedirectMatch",
    "Revision",
    "RevisionText",
    "Schedule",
    "Snapshot",
    "Tag",
    "TakenSlug",
    "Visibility",
    "article_tags",
]
