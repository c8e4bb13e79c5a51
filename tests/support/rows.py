"""One row of every kind, and inspecting a database from outside."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import (
    AccountDeletion,
    ArticleDisposition,
    EmailChange,
    Invitation,
    LoginSession,
    Passkey,
    PasskeyChallenge,
    PersonalToken,
    ProviderAccount,
    RecoveryCode,
    RefreshToken,
    Totp,
    User,
)
from app.audit.models import AuditEvent
from app.comments.models import Comment
from app.content.markup import render_article
from app.content.models import (
    Article,
    ArticleCopy,
    ArticleSlug,
    Category,
    FormerName,
    Named,
    Purpose,
    Reason,
    Redirect,
    RedirectMatch,
    Revision,
    RevisionText,
    Schedule,
    Tag,
    TakenSlug,
)
from app.content.text_deltas import compressed
from app.core import clock
from app.core.roles import Role
from app.db.base import Base
from app.db.changes.models import Invalidation
from app.db.session import Database, create_engine, open_database
from app.idempotency.models import IdempotencyKey
from app.queue.jobs import new_job
from app.queue.models import Job


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database at `url`, as the app opens it."""
    database = open_database(url)
    try:
        yield database
    finally:
        await database.dispose()


def a_user(name: str = "anna") -> User:
    return User(email=f"{name}@example.com", username=name, display_name=name, role=Role.AUTHOR, hashed_password="!")


def an_article(author_id: int, slug: str = "an-article") -> Article:
    article = Article(slug=slug, title=slug, author_id=author_id)
    article.write("A body", render_article("A body"))
    article.publish(clock.now())
    return article


def a_mail(**values: Any) -> Job:
    """A mail that waits to be sent."""
    mail = {"recipient": "anna@example.com", "subject": "Hi", "text": "Hi", "html": "<p>Hi</p>"}
    return new_job("mail", mail | values)


def a_mail_request(**values: Any) -> Job:
    request = {"mail": "verification", "email": "anna@example.com", "ip_address": "", "user_agent": ""}
    return new_job("mail_request", request | values)


def what_an_account_has(user_id: int) -> list[Base]:
    """A row of everything that belongs to an account, except what it wrote."""
    now = clock.now()
    return [
        LoginSession(
            user_id=user_id,
            user_agent="A browser",
            ip_address="203.0.113.7",
            expires_at=now,
            id=user_id,
        ),
        RefreshToken(session_id=user_id, digest="a"),
        PersonalToken(user_id=user_id, name="Script", digest="b", scope="read"),
        Totp(user_id=user_id, encrypted_secret="?"),
        RecoveryCode(user_id=user_id, digest="c"),
        Passkey(
            user_id=user_id,
            credential_id=b"d",
            public_key=b"e",
            sign_count=0,
            transports="",
            is_backed_up=False,
            name="Key",
        ),
        PasskeyChallenge(user_id=user_id, challenge=b"f", expires_at=now),
        ProviderAccount(user_id=user_id, provider="github", subject="1"),
        Invitation(digest="g", role=Role.AUTHOR, invited_by_id=user_id, expires_at=now),
        AccountDeletion(user_id=user_id, articles=ArticleDisposition.REMOVE, due_at=now),
        a_mail_request(),
        IdempotencyKey(user_id=user_id, key="h", fingerprint="i", status=201, headers={"etag": "j"}, body=b"k"),
        FormerName(resource=Named.AUTHOR, slug="former", user_id=user_id),
        EmailChange(user_id=user_id, old_email="a@example.com", new_email="b@example.com"),
        AuditEvent(action="login", actor_id=user_id, ip_address="203.0.113.7", user_agent="", request_id=""),
    ]


async def fill(session: AsyncSession) -> None:
    """Store one or two rows in every table, which refer to each other."""
    user, parent, tag = a_user(), Category(name="Parent", slug="parent"), Tag(name="Tag", slug="tag")
    session.add_all([user, parent, tag, a_mail(), Invalidation(message="a-process tag:1")])
    await session.flush()
    session.add_all(what_an_account_has(user.id))
    child = Category(name="Child", slug="child", parent_id=parent.id)
    session.add(child)
    await session.flush()
    article = an_article(user.id)
    article.category_id, article.tags = child.id, [tag]
    session.add(article)
    await session.flush()
    session.add(ArticleSlug(slug=article.slug, held_by=article.id, leads_to=article.id, was_public=True))
    session.add(FormerName(resource=Named.TAG, slug="former", tag_id=tag.id))
    await _fill_beside(session, article)
    above: Comment | None = None
    for _ in range(2):
        comment = Comment(
            article_id=article.id,
            author_id=user.id,
            parent_id=above.id if above else None,
            body_markdown="Hi",
            body_html="<p>Hi</p>",
        )
        session.add(comment)
        await session.flush()
        comment.place_below(above)
        above = comment
    await session.commit()


async def _fill_beside(session: AsyncSession, article: Article) -> None:
    """What is written beside an article, was before, and leads to it."""
    text = RevisionText(article_id=article.id, data=compressed(article.body_markdown))
    session.add(text)
    await session.flush()
    now = clock.now()
    revision = Revision(
        article_id=article.id,
        number=1,
        created_at=now,
        began_at=now,
        by_id=article.author_id,
        reason=Reason.EDIT,
        fields=["title"],
        was_published=True,
        tags=["Tag"],
        text_id=text.id,
    )
    draft = ArticleCopy(article_id=article.id, purpose=Purpose.DRAFT, version=1)
    draft.write(article.snapshot, article.rendered)
    article.snapshot.write_to(revision)
    session.add_all(
        [
            revision,
            draft,
            Schedule(article_id=article.id, unpublish_at=now, by_id=article.author_id),
            TakenSlug(slug="taken", article_id=article.id, was_public=True),
            Redirect(source="/old", match=RedirectMatch.EXACT, article_id=article.id, status=301),
        ]
    )
    await session.flush()


async def counts(url: str) -> dict[str, int]:
    """The number of rows in each table."""
    async with opened(url) as database, database.reading() as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


async def schema_of(url: str) -> dict[str, Any]:
    """Everything that the database says about its tables, in a comparable form."""
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_schema)
    finally:
        await engine.dispose()


def _schema(connection: Connection) -> dict[str, Any]:
    inspector = inspect(connection)
    schema: dict[str, Any] = {
        table: {
            "columns": sorted(
                (column["name"], repr(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            ),
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": _by_name(inspector.get_foreign_keys(table)),
            "unique": _by_name(inspector.get_unique_constraints(table)),
            "checks": _by_name(inspector.get_check_constraints(table)),
            "indexes": _by_name(inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }
    if connection.dialect.name == "sqlite":
        # What the inspector does not know: AUTOINCREMENT, triggers, and how expressions are written.
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"))
        schema["sqlite_master"] = {
            name: _clauses(sql) for name, sql in rows if not name.startswith(("sqlite_", "alembic_"))
        }
    return schema


def _by_name(constraints: Any) -> list[str]:
    return sorted(repr(sorted(_legible(constraint).items())) for constraint in constraints)


def _legible(constraint: Any) -> Any:
    """With the condition of an index as text."""
    options = {name: str(value) for name, value in constraint.get("dialect_options", {}).items()}
    return {**constraint, "dialect_options": options} if options else constraint


def _clauses(sql: str) -> list[str]:
    """The lines of a statement, whatever their order.

    SQLite quotes the name of a table that was rebuilt, and writes an added column, with its constraint, behind the
    last line.
    """
    sql = re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", sql)
    lines = re.split(r"\n|, (?=\w+ (?:INTEGER|DATETIME|VARCHAR|TEXT)\b)| (?=CONSTRAINT ck_)", sql)
    return sorted(re.sub(r"\s+", " ", line).strip(" ,\t") for line in lines)
