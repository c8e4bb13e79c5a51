"""What articles, tags and categories have to do with the rest of the blog."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import InstanceState, attributes

from app.accounts.events import AccountDeleted, UsernameChanged
from app.accounts.personal_data import (
    register_authored,
    register_impersonal,
    register_impersonal_jobs,
    register_mentioned,
    register_owned,
    register_part,
)
from app.cache import keys
from app.content import auditing
from app.content.events import (
    ArticleChanged,
    ArticleDeleted,
    ArticlePublished,
    ArticleRestored,
    ArticleScheduled,
    ArticleUnpublished,
    ScheduleWithdrawn,
)
from app.content.exports import ARTICLES, FORMER_USERNAMES, REDIRECTS, REVISIONS, SCHEDULES
from app.content.jobs import PUBLICATIONS
from app.content.models import (
    Article,
    ArticleCopy,
    ArticleSlug,
    ArticleStatus,
    Category,
    FormerName,
    Redirect,
    Revision,
    RevisionText,
    Schedule,
    Tag,
    TakenSlug,
    Visibility,
    article_tags,
)
from app.content.services.due_schedules import carry_out
from app.content.services.former_names import keep_username
from app.content.services.history import History
from app.content.services.schedules import drop_schedule
from app.content.services.thinning_out import ThinningOut
from app.content.services.written_articles import WrittenArticles
from app.core.client import Client
from app.db.changes.tracking import Change, register_private, register_public
from app.events import register_handler
from app.queue.delivery import Delivery
from app.queue.kinds import Nothing, register_chore, register_job
from app.unit_of_work import UnitOfWork

_LISTED_BY = {
    *("status", "deleted_at", "kind", "visibility"),
    *("published_at", "title", "slug", "author_id", "category_id", "tags"),
}


def _by_article(change: Change) -> set[str]:
    article: Article = change.instance
    if not _is_or_was_readable(change.state):
        return set()
    found = {keys.article(article.id)} if article.id is not None else set()
    if change.fields & _LISTED_BY:
        found |= {keys.ARTICLES, keys.AUTHORS, keys.TAGS, keys.CATEGORIES, *_tag_lists(change.state)}
    return found


def _is_or_was_readable(state: InstanceState[Any]) -> bool:
    """Whether everybody can read it, by its address at least, or could before this change."""
    if not state.persistent:
        is_published = state.dict.get("status") is ArticleStatus.PUBLISHED
        return is_published and state.dict.get("visibility") is not Visibility.MEMBERS
    attributes = state.attrs
    statuses, deletions = _values(attributes.status.history), _values(attributes.deleted_at.history)
    visibilities = _values(attributes.visibility.history)
    return (
        (statuses is None or ArticleStatus.PUBLISHED in statuses)
        and (deletions is None or None in deletions)
        and visibilities != {Visibility.MEMBERS}
    )


def _values(history: attributes.History) -> set[Any] | None:
    """The old and new values of an attribute; None if the old one is unknown."""
    if not history.unchanged and not history.deleted:
        return None
    return {*history.added, *history.unchanged, *history.deleted}


def _tag_lists(state: InstanceState[Any]) -> Iterable[str]:
    """The lists of the tags that an article has or had; of all tags if those are unknown."""
    tags = state.attrs.tags.history
    if not (tags.added or tags.unchanged or tags.deleted) and "tags" in state.unloaded:
        return [keys.TAGGED]
    return [keys.tagged(tag.slug) for tag in (*tags.added, *tags.unchanged, *tags.deleted)]


def _by_tag(change: Change) -> set[str]:
    tag: Tag = change.instance
    return {keys.tag(tag.id), keys.TAGS, keys.TAGGED} if tag.id is not None else set()


def _by_category(change: Change) -> set[str]:
    return {keys.category(change.instance.id), keys.CATEGORIES}


async def _forget_account(unit: UnitOfWork, event: AccountDeleted) -> None:
    await History(unit).forget(event.user_id)


async def _thin_out_revisions(chore: Delivery[Nothing]) -> None:
    is_more = True
    while is_more:
        async with chore.unit_of_work() as unit:
            is_more = await ThinningOut(unit).run()


register_handler(AccountDeleted, _forget_account)
register_handler(ArticleChanged, auditing.record_change)
register_handler(ArticlePublished, auditing.record_publication)
register_handler(ArticleUnpublished, auditing.record_unpublication)
register_handler(ArticleUnpublished, drop_schedule)
register_handler(ArticleScheduled, auditing.record_scheduling)
register_handler(ScheduleWithdrawn, auditing.record_withdrawal)
register_handler(ArticleDeleted, auditing.record_deletion)
register_handler(ArticleDeleted, drop_schedule)
register_handler(ArticleRestored, auditing.record_restoration)
register_handler(UsernameChanged, keep_username)
register_authored(Article.author_id, disposition=WrittenArticles, exported=ARTICLES)
register_part(article_tags, Article.__table__)
register_part(ArticleCopy.__table__, Article.__table__)
register_part(TakenSlug.__table__, Article.__table__)
register_part(Schedule.__table__, Article.__table__)
register_part(Revision.__table__, Article.__table__)
register_part(RevisionText.__table__, Article.__table__)
register_mentioned(
    Revision.by_id,
    "What was changed stays part of the article's history; the name is gone with the account.",
    exported=REVISIONS,
)
# What tags and categories were called before, too, is nobody's: those rows name no account.
register_owned(FormerName.user_id, credentials=None, exported=FORMER_USERNAMES)
register_impersonal(Tag.__table__, Category.__table__, ArticleSlug.__table__)
register_mentioned(
    Redirect.created_by_id,
    "Redirects are the blog's: they lead its readers on, whoever set them up.",
    exported=REDIRECTS,
)
register_mentioned(
    Schedule.by_id,
    "What is scheduled stays; without the name it is not published, and its author is told.",
    exported=SCHEDULES,
)
register_impersonal_jobs(PUBLICATIONS)

register_public(Article.__table__, _by_article)
register_public(article_tags)
register_public(Tag.__table__, _by_tag, is_seen_when_new=False)
register_public(Category.__table__, _by_category)
register_private(
    ArticleCopy.__table__,
    ArticleSlug.__table__,
    TakenSlug.__table__,
    FormerName.__table__,
    Revision.__table__,
    RevisionText.__table__,
    Schedule.__table__,
)
# What they do to responses is not cached.
register_private(Redirect.__table__)
register_chore("thin_out_revisions", _thin_out_revisions, every=timedelta(hours=1))
# As many at once as there are connections for background work.
register_job(PUBLICATIONS, carry_out, slots=3, client=lambda _: Client("", "a schedule"), is_urgent=True)
