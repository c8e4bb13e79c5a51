"""What is derived from public articles: their numbers by author, category and tag, and the dates of the tags' lists.

`article_tags.published_at` is when the article was published, or null while it is not public. On PostgreSQL all rows
are locked in one order: articles, users, categories, tags, each by their ids. Code that locks some of them and then
changes public articles has to keep to it.
"""

from sqlalchemy import and_, select

from app.accounts.models.user import User
from app.content.models.article import Article
from app.content.models.category import Category
from app.content.models.dating import DATING
from app.content.models.states import ArticleStatus
from app.content.models.tag import Tag, article_tags
from app.db.counters import register_counter, register_derived_column

_articles = Article.__table__.c
_is_public = and_(_articles.status == ArticleStatus.PUBLISHED, _articles.deleted_at.is_(None))

register_counter(User.__table__.c.article_count, counts_rows_by=_articles.author_id, where=_is_public)
register_counter(Category.__table__.c.article_count, counts_rows_by=_articles.category_id, where=_is_public)
register_derived_column(
    article_tags.c.published_at,
    select(_articles.published_at).where(_articles.id == article_tags.c.article_id, _is_public),
    triggers=DATING,
)
register_counter(
    Tag.__table__.c.article_count,
    counts_rows_by=article_tags.c.tag_id,
    where=article_tags.c.published_at.is_not(None),
)
