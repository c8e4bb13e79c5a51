"""Which articles a list has, by who asks for what."""

from app.accounts.policies.actors import Actor, is_editor
from app.content.models import Visibility
from app.content.queries.article_rows import ArticleListSpec
from app.content.queries.articles import Reach
from app.content.schemas.articles import ArticleListQuery


def list_spec(actor: Actor, query: ArticleListQuery, *, tags: int, categories: int) -> ArticleListSpec:
    """How to look for what the actor may see of it, with this many tags and categories."""
    reach = _reach(actor, query)
    # Of what is in nobody's lists, everybody but editors finds only what is their own.
    is_listed = reach != "all"
    return ArticleListSpec(
        query.status,
        query.sort,
        reach=reach,
        own=not is_listed and not is_editor(actor),
        kind=None if is_listed else query.kind,
        visibility=None if is_listed and query.visibility is Visibility.PUBLIC else query.visibility,
        author=query.author is not None,
        tags=tags,
        categories=categories,
        after=query.published_after is not None,
        before=query.published_before is not None,
        skip=query.skip > 0,
    )


def _reach(actor: Actor, query: ArticleListQuery) -> Reach:
    if query.status != "published" or query.asks_for_unlisted:
        return "all"
    return "everybody" if actor is None or query.visibility is Visibility.PUBLIC else "members"
