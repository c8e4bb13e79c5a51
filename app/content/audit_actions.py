"""What the audit log records about articles, tags and categories."""

from app.audit.actions import action
from app.core.roles import Role

ARTICLE_CHANGED = action("article.changed", "Someone changed another person's article; the fields are named.")
ARTICLE_PUBLISHED = action("article.published", "Someone published another person's article.")
ARTICLE_UNPUBLISHED = action("article.unpublished", "Someone made another person's article a draft again.")
ARTICLE_SCHEDULED = action(
    "article.scheduled", "Someone scheduled the publication of another person's article, or its end."
)
SCHEDULE_WITHDRAWN = action("article.schedule_withdrawn", "Someone withdrew the schedule of another person's article.")
ARTICLE_DELETED = action("article.deleted", "An article was deleted.")
ARTICLE_RESTORED = action("article.restored", "A deleted article was restored.")
ARTICLES_HANDED_OVER = action("articles.handed_over", "The articles of a deleted account were given to the subject.")

# Tags that nothing published has are seen by editors only.
TAG_RENAMED = action("tag.renamed", "A tag was renamed.", details_for=Role.EDITOR)
TAG_MERGED = action("tag.merged", "Other tags were merged into the subject.", details_for=Role.EDITOR)
TAG_DELETED = action("tag.deleted", "A tag was deleted.", details_for=Role.EDITOR)

CATEGORY_CREATED = action("category.created", "A category was created.")
CATEGORY_CHANGED = action("category.changed", "A category was changed; the fields are named.")
CATEGORY_DELETED = action("category.deleted", "A category was deleted.")

REDIRECT_CREATED = action("redirect.created", "A redirect was created.", details_for=Role.EDITOR)
REDIRECT_CHANGED = action("redirect.changed", "A redirect was changed; the fields are named.", details_for=Role.EDITOR)
REDIRECT_DELETED = action("redirect.deleted", "A redirect was deleted.", details_for=Role.EDITOR)
REDIRECTS_IMPORTED = action("redirect.imported", "Redirects were imported; the numbers are given.")
