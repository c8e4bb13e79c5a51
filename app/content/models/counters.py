"""What is derived from listed articles: their numbers by author, category and tag, and the dates of the tags' lists.

Only what everybody finds in lists is counted. `article_tags.published_at` is when the article was published, or null
while it is in no public list; `article_tags.listed_at` is the same for the lists of those who are logged in.

On PostgreSQL all rows are locked in one order: articles, users, categories, tags, each by their ids. Code that locks
some of them and then changes listed articles has to keep to it.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from app.accounts.models.user import User
from app.content.models.article import Article
from app.content.models.category import Category
from app.content.models.dating import DATED_ALIKE, DATING
from app.content.models.states import ArticleKind, ArticleStatus, Visibility
from app.content.models.tag import Tag, article_tags
from app.db.counters import register_counter, register_derived_column

_articles = Article.__table__.c
_is_published_article = and_(
    _articles.status == ArticleStatus.PUBLISHED,
    _articles.deleted_at.is_(None),
    _articles.kind == ArticleKind.ARTICLE,
)
_is_listed = and_(_is_published_article, _articles.visibility == Visibility.PUBLIC)
_is_listed_to_members = and_(_is_published_article, _articles.visibility != Visibility.UNLISTED)


def _date_where(condition: ColumnElement[bool]) -> Select[Any]:
    return select(_articles.published_at).where(_articles.id == article_tags.c.article_id, condition)


register_counter(User.__table__.c.article_count, counts_rows_by=_articles.author_id, where=_is_listed)
register_counter(Category.__table__.c.article_count, counts_rows_by=_articles.category_id, where=_is_listed)
register_derived_column(article_tags.c.published_at, _date_where(_is_listed), triggers=DATING)
register_derived_column(article_tags.c.listed_at, _date_where(_is_listed_to_members), triggers=DATED_ALIKE)
register_counter(
    Tag.__table__.c.article_count,
    counts_rows_by=article_tags.c.tag_id,
    where=article_tags.c.published_at.is_not(None),
)
