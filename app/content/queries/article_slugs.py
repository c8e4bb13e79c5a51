"""Statements about the slugs of articles."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Delete, Select, String, Update, and_, exists, false, literal, or_, select, update
from sqlalchemy import delete as deletion
from sqlalchemy.dialects import postgresql, sqlite

from app.content.models import Article, ArticleCopy, ArticleSlug, TakenSlug
from app.db.base import BigId

_INSERTS = {"sqlite": sqlite, "postgresql": postgresql}
# Nobody has asked for it again, and nothing was ever found under it.
_never_led_anywhere = and_(ArticleSlug.leads_to.is_(None), ArticleSlug.was_public.is_(False))


def claiming(slug: str, dialect: str) -> Any:
    """Makes a row for a slug that has none, which no article holds yet."""
    insert = _INSERTS[dialect].insert(ArticleSlug).values(slug=slug, was_public=False)
    return insert.on_conflict_do_nothing()


def locking(slug: str) -> Select[Any]:
    """Locks a slug, and finds which articles hold it and are led to by it.

    It writes nothing: whoever writes a row twice on PostgreSQL waits for changes of all articles that it refers to.
    """
    return select(ArticleSlug.held_by, ArticleSlug.leads_to).where(ArticleSlug.slug == slug).with_for_update()


def holding(slug: str, article_id: int, dialect: str) -> Any:
    """Has an article hold this slug, and returns it unless another one does."""
    # Not every article has a row of its own.
    others = exists().where(Article.slug == slug, Article.id != article_id)
    wanted = select(literal(slug, String()), literal(article_id, BigId), false()).where(~others)
    insert = _INSERTS[dialect].insert(ArticleSlug).from_select(["slug", "held_by", "was_public"], wanted)
    return insert.on_conflict_do_update(
        index_elements=[ArticleSlug.slug],
        set_={"held_by": insert.excluded.held_by},
        where=or_(ArticleSlug.held_by.is_(None), ArticleSlug.held_by == article_id),
    ).returning(ArticleSlug.slug)


def reclaiming(slug: str, article_id: int | None) -> Update:
    """The same for a slug whose holder has none of it: articles may have been changed by other means."""
    in_use = or_(exists().where(Article.slug == slug), exists().where(ArticleCopy.slug == slug))
    reclaimed = update(ArticleSlug).where(ArticleSlug.slug == slug, ~in_use).values(held_by=article_id)
    return reclaimed.returning(ArticleSlug.slug)


def remembering(slug: str, article_id: int, dialect: str) -> Any:
    """Notes to whom a slug has led that is about to lead to another article."""
    led_to = select(ArticleSlug.slug, ArticleSlug.leads_to, ArticleSlug.was_public).where(
        ArticleSlug.slug == slug, ArticleSlug.leads_to.is_not(None), ArticleSlug.leads_to != article_id
    )
    insert = _INSERTS[dialect].insert(TakenSlug).from_select(["slug", "article_id", "was_public"], led_to)
    was_public = or_(TakenSlug.was_public, insert.excluded.was_public)
    return insert.on_conflict_do_update(
        index_elements=[TakenSlug.slug, TakenSlug.article_id], set_={"was_public": was_public}
    )


def opening(slug: str, article_id: int, dialect: str, *, to_everybody: bool) -> Any:
    """Has a slug lead to the article that holds it."""
    insert = _INSERTS[dialect].insert(ArticleSlug)
    values = {"slug": slug, "held_by": article_id, "leads_to": article_id, "was_public": to_everybody}
    excluded = insert.excluded
    is_its_own, was_public = ArticleSlug.leads_to == article_id, ArticleSlug.was_public
    return insert.values(values).on_conflict_do_update(
        index_elements=[ArticleSlug.slug],
        # What was public of the article that it was taken from is noted with that.
        set_={"leads_to": excluded.leads_to, "was_public": or_(excluded.was_public, and_(is_its_own, was_public))},
        where=or_(
            ArticleSlug.leads_to.is_distinct_from(article_id),
            and_(excluded.was_public, ArticleSlug.was_public.is_(False)),
        ),
    )


def _given_up_by(article_id: int, keep: Collection[str]) -> Any:
    return and_(ArticleSlug.held_by == article_id, ArticleSlug.slug.not_in(list(keep)))


def forgetting(article_id: int, keep: Collection[str]) -> Delete:
    """Deletes what an article holds and does not keep, if nothing was ever found under it."""
    return deletion(ArticleSlug).where(_given_up_by(article_id, keep), _never_led_anywhere)


def giving_up(article_id: int, keep: Collection[str]) -> Update:
    return update(ArticleSlug).where(_given_up_by(article_id, keep)).values(held_by=None)


def left_by(author_id: int) -> Delete:
    """Deletes what nothing public was found under, of all articles that are about to go with their author."""
    theirs = select(Article.id).where(Article.author_id == author_id)
    return deletion(ArticleSlug).where(
        ArticleSlug.was_public.is_(False),
        or_(ArticleSlug.held_by.in_(theirs), ArticleSlug.leads_to.in_(theirs)),
        or_(ArticleSlug.held_by.is_(None), ArticleSlug.held_by.in_(theirs)),
        or_(ArticleSlug.leads_to.is_(None), ArticleSlug.leads_to.in_(theirs)),
    )
