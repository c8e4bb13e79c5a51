"""Stores posts as articles, each in its own transaction: an interruption leaves only complete articles."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import exists, select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.container import Services
from app.content.errors import SlugTaken
from app.content.events import ArticleChanged, ArticleEvent, ArticlePublished, ArticleUnpublished
from app.content.markup import RenderedArticle
from app.content.models import Article, ArticleCopy, ArticleStatus
from app.content.queries.articles import slugs_taken, to_change
from app.content.rendering import rendered_article
from app.core import clock
from app.core.client import COMMAND_LINE
from app.core.config import Settings
from app.core.errors import AppError
from app.db.session import Database
from app.process import process_context
from app.transfer.importing.authors import Byline, byline_for
from app.transfer.importing.bodies import Templates
from app.transfer.importing.catalogue import Action, Catalogue, Decision, Imported
from app.transfer.importing.fields import Author
from app.transfer.importing.files import SourceFile
from app.transfer.importing.front_matter import BadPost, NotAPost
from app.transfer.importing.leftovers import left_in
from app.transfer.importing.posts import DEFAULT_LANGUAGE, Post, read_post
from app.transfer.importing.report import Outcome, Report
from app.unit_of_work import UnitOfWork, unit_of_work

FilePost = tuple[SourceFile, Post]
# What a post that has changed may have changed in its article.
_FIELDS = (
    *("body_markdown", "category", "excerpt", "kind", "language", "published_at", "slug", "tags", "title"),
    "visibility",
)
# How many kinds of template code a report names for a post.
_NAMED = 5
# What is written beside it was written here.
_HAS_DRAFT = exists().where(ArticleCopy.article_id == Article.id)
_LAST = datetime.max.replace(tzinfo=UTC)


def read_posts(
    files: Iterable[SourceFile], author: Author, report: Report, language: str = DEFAULT_LANGUAGE
) -> list[FilePost]:
    """The posts in these files, in the order in which to store them, with the default author and language.

    They are sorted by date, so that of two posts that want the same slug the older one gets it, however the files are
    named; originals come before translations.
    """
    posts: list[FilePost] = []
    now = clock.now()
    for file in files:
        try:
            posts.append((file, read_post(file.path, file.read(), now=now, author=author, language=language)))
        except NotAPost as error:
            report.skip(file.display_path, str(error))
        except BadPost as error:
            report.skip(file.display_path, str(error), is_error=True)
    return sorted(
        _with_translations(posts, language),
        key=lambda item: (item[1].is_translation, item[1].published_at or _LAST, item[0].path),
    )


def _with_translations(posts: Sequence[FilePost], language: str) -> Iterator[FilePost]:
    """The posts, with those marked that only their fields show to be translations.

    They have slug and day in common with a post in another language, and are not in the default one themselves.
    """
    languages: dict[object, set[str]] = {}
    for _, post in posts:
        languages.setdefault(_slug_and_day(post), set()).add(post.content.language)
    for file, post in posts:
        is_one = post.content.language != language and len(languages[_slug_and_day(post)]) > 1
        yield file, replace(post, is_translation=True) if is_one else post


def _slug_and_day(post: Post) -> tuple[str, date | None]:
    return post.slug, post.published_at and post.published_at.date()


class PostImporter:
    """Imports posts into the blog; on a dry run it only reports what it would do."""

    def __init__(self, database: Database, settings: Settings, report: Report, *, dry_run: bool = False) -> None:
        self._database = database
        self._settings = settings
        self._report = report
        self._dry_run = dry_run
        self._process = process_context(settings)
        # The usernames of accounts that a dry run would have created.
        self._promised: dict[str, Author] = {}
        # The paths from which it would have led somewhere.
        self._promised_paths: set[str] = set()

    async def run(self, posts: Sequence[FilePost], advance: Callable[[], None]) -> None:
        """Import posts in this order; `advance` is called after each."""
        catalogue = await self._catalogue()
        for file, post in posts:
            try:
                await self._import(catalogue, file, post)
            except BadPost as error:
                self._report.skip(file.display_path, str(error), is_error=True)
            advance()

    async def _catalogue(self) -> Catalogue:
        columns = (
            *(Article.id, Article.slug, Article.source, Article.source_digest),
            *(Article.imported_at, Article.updated_at, Article.deleted_at, _HAS_DRAFT.label("has_draft")),
        )
        async with self._database.reading() as session:
            imported = (await session.execute(select(*columns).where(Article.source.is_not(None)))).all()
            slugs = await session.scalars(slugs_taken())
            return Catalogue((Imported(**row._asdict()) for row in imported), slugs)

    async def _import(self, catalogue: Catalogue, file: SourceFile, post: Post) -> None:
        decision = catalogue.decide(file, post)
        notes = post.notes
        if decision.action is Action.UNCHANGED and not self._dry_run:
            await self._follow(decision)
        if decision.action in {Action.CREATED, Action.UPDATED}:
            # Outside of the transaction: it takes a while, and no lock is held meanwhile.
            rendered = await _rendered(post)
            decision = await self._carry_out(catalogue, decision, post, rendered)
            notes += decision.notes
            notes += (*post.body.notes, *_left_in(post, rendered))
            notes += self._report.note_lost(rendered.lost)
        if decision.action is Action.SKIPPED:
            self._report.skip(file.display_path, decision.reason)
        else:
            self._report.outcomes.append(Outcome(decision.action, file.display_path, decision.slug, "; ".join(notes)))

    async def _carry_out(
        self, catalogue: Catalogue, decision: Decision, post: Post, rendered: RenderedArticle
    ) -> Decision:
        """Returns the decision as carried out, which may differ because of concurrent changes in the blog."""
        if self._dry_run:
            async with self._database.reading() as session:
                byline = await byline_for(session, post.author, self._process.settings, self._promised)
            if byline.id is not None or catalogue.is_new(post.author):
                self._promised[byline.username] = post.author
                self._report.attribute(byline)
            return replace(decision, notes=await self._foreseen(decision, post))
        while True:
            try:
                return await self._store(decision, post, rendered)
            except SlugTaken:
                decision = replace(decision, slug=catalogue.free_slug(post))
            except AppError as error:
                raise BadPost(error.detail) from error
            except (IntegrityError, DataError) as error:
                raise BadPost("the database rejected it; is another import running?") from error

    async def _foreseen(self, decision: Decision, post: Post) -> tuple[str, ...]:
        """What would be said of redirects to the post."""
        async with self._database.reading() as session:
            former_paths = Services(UnitOfWork(self._process, COMMAND_LINE, session)).content.former_paths
            article_id = decision.article.id if decision.article else None
            free, notes = await former_paths.free(decision.slug, article_id, post.former_paths, self._promised_paths)
        self._promised_paths.update(free)
        return tuple(notes)

    async def _follow(self, decision: Decision) -> None:
        """Store the new path of a file that was moved; that does not count as a change to the article."""
        if decision.article is None or decision.article.source == decision.source:
            return
        async with self._database.writing() as session:
            moved = {"source": decision.source, "updated_at": Article.updated_at}
            await session.execute(update(Article).where(Article.id == decision.article.id).values(moved))
            await session.commit()

    async def _store(self, decision: Decision, post: Post, rendered: RenderedArticle) -> Decision:
        async with unit_of_work(self._database.writing, self._process, COMMAND_LINE) as unit:
            services = Services(unit)
            # Before the article is locked: creating a category takes an advisory lock.
            category_id = await services.content.categories.named(post.category) if post.category else None
            await services.content.former_paths.lock()
            article = await _article(unit.session, decision)
            before = article.snapshot if article is not None and decision.article is not None else None
            if article is None:
                return Decision(Action.SKIPPED, reason="its article was just edited in the blog")
            byline = await byline_for(unit.session, post.author, unit.settings)
            was_public = article.status is ArticleStatus.PUBLISHED
            article.author_id = byline.id or await _new_account(byline, post.author, services)
            article.category_id = category_id
            await _fill(article, post, rendered, services)
            article.source = decision.source
            await services.content.writing.take_over(article, decision.slug, before, was_published=was_public)
            await services.content.tags.spell(article, post.content.tags)
            notes = await services.content.former_paths.lead_to(article, post.former_paths)
            if event := _event(decision, article, was_public=was_public):
                await unit.emit(event)
        self._report.attribute(byline)
        return replace(decision, notes=tuple(notes))


def _left_in(post: Post, rendered: RenderedArticle) -> Iterator[str]:
    """What to say of template code that stays as text."""
    found = left_in(rendered.html)
    if found and post.templates is not Templates.NONE:
        names = [f"{name} ({number})" if number > 1 else name for name, number in found.most_common(_NAMED)]
        more = [f"{len(found) - _NAMED} more"] if len(found) > _NAMED else []
        yield f"contains template code: {', '.join([*names, *more])}"


def _event(decision: Decision, article: Article, *, was_public: bool) -> ArticleEvent | None:
    """What has happened to an article; a new draft is nobody's business."""
    is_public = article.status is ArticleStatus.PUBLISHED
    if is_public is not was_public:
        kind = ArticlePublished if is_public else ArticleUnpublished
        return kind(article.id, article.author_id, None)
    if decision.article is not None:
        return ArticleChanged(article.id, article.author_id, None, _FIELDS)
    return None


async def _new_account(byline: Byline, author: Author, services: Services) -> int:
    return (await services.accounts.provisioning.create_unclaimed(byline.username, author.name, byline.email)).id


async def _rendered(post: Post) -> RenderedArticle:
    try:
        return await rendered_article(post.body.markdown, None)
    except Exception as error:
        # Whatever a text may do to the renderer, the other posts are not to blame.
        raise BadPost(f"its body cannot be rendered ({type(error).__name__})") from error


async def _article(session: AsyncSession, decision: Decision) -> Article | None:
    """A new article, or the existing one unless someone else has changed it meanwhile."""
    known = decision.article
    if known is None:
        return Article(tags=[])
    unchanged = to_change().where(Article.id == known.id, Article.updated_at == known.updated_at, ~_HAS_DRAFT)
    return (await session.scalars(unchanged.with_for_update(of=Article, key_share=True))).one_or_none()


async def _fill(article: Article, post: Post, rendered: RenderedArticle, services: Services) -> None:
    """Set the article's contents from the post."""
    content = post.content
    article.tags = list(await services.content.tags.named(content.tags))
    article.title = content.title
    article.given_excerpt = content.excerpt
    article.language = content.language
    article.write(post.body.markdown, rendered)
    article.kind, article.visibility = content.kind, content.visibility
    article.status = content.status
    now = clock.now()
    # A page may have no date; it has been published since it came.
    since = (article.published_at or now) if content.status is ArticleStatus.PUBLISHED else None
    article.published_at = post.published_at or since
    article.source_digest = post.digest
    article.created_at = article.created_at or now
    article.imported_at = article.updated_at = now
