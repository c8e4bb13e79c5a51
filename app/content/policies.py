"""Who may change which article, and who may ask for which lists."""

from app.accounts.policies.actors import Actor, is_editor, require_account, require_role
from app.content.models import Article, Visibility
from app.content.schemas.articles import ArticleListQuery
from app.core.errors import Forbidden
from app.core.roles import Role


def require_article_editing(actor: Actor, article: Article) -> None:
    """Authors may change their own articles, editors any article."""
    account = require_role(actor, Role.AUTHOR)
    if article.author_id != account.id and not is_editor(actor):
        raise Forbidden("This article belongs to someone else.")


def require_article_listing(actor: Actor, query: ArticleListQuery) -> None:
    """Whoever asks for what is not in everybody's lists has to be known."""
    if query.status == "deleted":
        require_role(actor, Role.EDITOR)
    elif query.status in {"draft", "scheduled"} or query.asks_for_unlisted or query.visibility is Visibility.MEMBERS:
        require_account(actor)
