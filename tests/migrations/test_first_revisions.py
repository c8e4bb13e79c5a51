"""Articles that were there before got their first revision, the text that they had."""

from alembic import command
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from app.content.models import Article, ArticleCopy, Reason, Revision, RevisionText, Tag
from app.content.queries.revisions import WITH_TEXT
from app.content.revision_bodies import snapshot_of
from app.core import clock
from app.db import migrations
from tests.support.databases import Template
from tests.support.rows import a_user, an_article, opened

BEFORE = "0010"
# More than are read at once.
MANY = 450


def _numbered(author_id: int, number: int, tags: list[Tag]) -> Article:
    article = an_article(author_id, f"article-{number}")
    article.body_markdown = "" if number == 0 else f"# Ünïcode {number}\n" * number
    article.given_excerpt = f"It's {number}"
    article.tags = tags
    if number % 2:
        article.unpublish()
    if number % 5 == 0:
        article.imported_at = article.updated_at = article.created_at = clock.now()
    return article


async def test_every_article_begins_with_what_it_says(template: Template) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            author = a_user()
            session.add(author)
            await session.flush()
            tags = [Tag(name='"B"', slug="b"), Tag(name="A", slug="a")]
            session.add_all(_numbered(author.id, number, tags if number % 3 else []) for number in range(MANY))
            await session.commit()
        await migrations.run(url, command.downgrade, BEFORE)

        await migrations.upgrade(url)

        async with opened(url) as database, database.reading() as session:
            found = select(Revision, Article).join(Article, Article.id == Revision.article_id)
            found = found.options(WITH_TEXT, undefer(Article.body_markdown)).order_by(Article.id)
            rows = (await session.execute(found)).all()
            assert len(rows) == MANY
            for number, (revision, article) in enumerate(rows):
                text = snapshot_of(revision)
                assert (revision.number, article.version, article.latest_revision) == (1, 1, 1)
                assert (text.title, text.slug, text.excerpt) == (article.title, article.slug, f"It's {number}")
                assert text.body_markdown == article.body_markdown
                assert text.tags == (("A", '"B"') if number % 3 else ())
                assert revision.was_published is (number % 2 == 0)
                assert revision.reason is (Reason.EDIT if number % 5 else Reason.IMPORT)
                assert (revision.by_id, revision.created_at) == (article.author_id, article.updated_at)


async def test_going_back_and_forth_begins_anew(template: Template) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            author = a_user()
            session.add(author)
            await session.flush()
            session.add(an_article(author.id))
            await session.commit()
        await migrations.run(url, command.downgrade, BEFORE)
        await migrations.upgrade(url)
        async with opened(url) as database, database.reading() as session:
            for kind, number in ((Article, 1), (Revision, 1), (RevisionText, 1), (ArticleCopy, 0)):
                assert await session.scalar(select(func.count()).select_from(kind)) == number
