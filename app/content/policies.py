"""Who may change which article."""

from app.accounts.policies.actors import Actor, is_editor, require_role
from app.content.models import Article
from app.core.errors import Forbidden
from app.core.roles import Role


def require_article_editing(actor: Actor, article: Article) -> None:
    """Authors may change their own articles, editors any article."""
    account = require_role(actor, Role.AUTHOR)
    if article.author_id != account.id and not is_editor(actor):
        raise Forbidden("This article belongs to someone else.")
