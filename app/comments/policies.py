"""Who may change or delete which comment."""

from app.accounts.policies.actors import Actor, is_editor, require_verified
from app.comments.models import Comment
from app.content.models import Article
from app.core.errors import Forbidden
from app.core.roles import Role


def require_comment_editing(actor: Actor, comment: Comment) -> None:
    """Only the author may change a comment."""
    if require_verified(actor).id != comment.author_id:
        raise Forbidden("This comment belongs to someone else.")


def require_comment_deletion(actor: Actor, comment: Comment, article: Article) -> None:
    """The comment's author, the article's author, and editors may delete a comment."""
    account = require_verified(actor)
    owns_article = article.author_id == account.id and account.role.includes(Role.AUTHOR)
    if account.id != comment.author_id and not owns_article and not is_editor(actor):
        raise Forbidden("This comment belongs to someone else.")
