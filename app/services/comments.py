"""Comments: written, answered, listed, deleted and restored."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import ArticleNotFound, CommentNotFound, ParentCommentNotFound, ThreadTooDeep
from app.core.roles import Role
from app.db.models import Article, Comment
from app.db.models.comment import MAX_DEPTH
from app.db.queries import articles, comments
from app.policies.actors import Actor, require_account, require_role, require_verified
from app.policies.comments import require_comment_deletion, require_comment_editing
from app.schemas.comments import (
    CommentInput,
    CommentListQuery,
    CommentOut,
    CommentUpdate,
    ModeratedComment,
    ModerationQuery,
)
from app.schemas.users import AuthorSummary
from app.services.audit import AuditLog
from app.services.paging import Slice, fetch_entities
from app.services.rendering import rendered_comment


class CommentService:
    def __init__(self, session: AsyncSession, audit: AuditLog) -> None:
        self._session = session
        self._audit = audit

    async def list(self, actor: Actor, slug: str, query: CommentListQuery) -> Slice[CommentOut]:
        """An article's comments, each followed by its answers. Raises `ArticleNotFound`."""
        article_id = await self._article_id(actor, slug)
        statement = comments.with_author().where(Comment.article_id == article_id, comments.shown())
        page = await fetch_entities(self._session, statement, comments.IN_THREADS, query)
        return Slice([_shown(comment) for comment in page.items], page.next_cursor)

    async def moderate(self, actor: Actor, query: ModerationQuery) -> Slice[ModeratedComment]:
        """The newest comments of the whole blog, for editors."""
        require_role(actor, Role.EDITOR)
        statement = comments.for_moderation(query.deleted).where(articles.visible_to(actor))
        page = await fetch_entities(self._session, statement, comments.NEWEST, query)
        return Slice([_whole(comment) for comment in page.items], page.next_cursor)

    async def create(self, actor: Actor, slug: str, data: CommentInput) -> CommentOut:
        """Comment on an article, or answer a comment of it.

        Raises `ArticleNotFound`, `ParentCommentNotFound`, `ThreadTooDeep`, `EmptyComment` or `TooComplex`.
        """
        author = require_verified(actor).account
        html = await rendered_comment(data.body_markdown)
        article_id = await self._article_id(actor, slug)
        parent = await self._parent(article_id, data.parent_id) if data.parent_id is not None else None
        comment = Comment(article_id=article_id, author_id=author.id, parent_id=data.parent_id, author=author)
        comment.write(data.body_markdown, html)
        # First, for whoever inserts a comment holds on to its article, and two who do could not both change it then.
        await self._count(article_id, 1)
        self._session.add(comment)
        await self._session.flush()
        comment.place_below(parent)
        return _shown(comment)

    async def update(self, actor: Actor, comment_id: int, data: CommentUpdate) -> CommentOut:
        """Change one's own comment. Raises `CommentNotFound`, `EmptyComment` or `TooComplex`."""
        require_verified(actor)
        # Before anything is locked, for it takes a while.
        html = await rendered_comment(data.body_markdown)
        comment = await self._locked(actor, comment_id)
        require_comment_editing(actor, comment)
        comment.write(data.body_markdown, html)
        comment.edited_at = clock.now()
        await self._session.flush()
        return _shown(comment)

    async def delete(self, actor: Actor, comment_id: int) -> None:
        """Take a comment away; its answers stay. Raises `CommentNotFound`."""
        comment = await self._locked(actor, comment_id)
        require_comment_deletion(actor, comment, comment.article)
        comment.deleted_at = clock.now()
        await self._count(comment.article_id, -1)
        self._record("comment.deleted", actor, comment)

    async def restore(self, actor: Actor, comment_id: int) -> CommentOut:
        """Bring a deleted comment back. Raises `CommentNotFound`."""
        require_role(actor, Role.EDITOR)
        comment = await self._locked(actor, comment_id, deleted=None)
        if comment.is_deleted:
            comment.deleted_at = None
            await self._count(comment.article_id, 1)
            self._record("comment.restored", actor, comment)
        return _shown(comment)

    def _record(self, action: str, actor: Actor, comment: Comment) -> None:
        self._audit.record(action, actor=actor.account if actor else None, subject=comment, author=comment.author_id)

    async def _article_id(self, actor: Actor, slug: str) -> int:
        statement = select(Article.id).where(Article.slug == slug, articles.visible_to(actor))
        article_id = await self._session.scalar(statement)
        if article_id is None:
            raise ArticleNotFound
        return article_id

    async def _parent(self, article_id: int, parent_id: int) -> Comment:
        parent = await self._session.scalar(
            select(Comment).where(
                Comment.id == parent_id, Comment.article_id == article_id, Comment.deleted_at.is_(None)
            )
        )
        if parent is None:
            raise ParentCommentNotFound(field="parent_id")
        if parent.depth >= MAX_DEPTH:
            raise ThreadTooDeep(field="parent_id")
        return parent

    async def _locked(self, actor: Actor, comment_id: int, *, deleted: bool | None = False) -> Comment:
        require_account(actor)
        statement = comments.for_moderation(deleted).where(Comment.id == comment_id, articles.visible_to(actor))
        comment: Comment | None = await self._session.scalar(statement.with_for_update(of=Comment, key_share=True))
        if comment is None:
            raise CommentNotFound
        return comment

    async def _count(self, article_id: int, difference: int) -> None:
        """In the database, where no two counts are lost to each other; a comment is no change of the article."""
        counted = {"comment_count": Article.comment_count + difference, "updated_at": Article.updated_at}
        await self._session.execute(
            update(Article).where(Article.id == article_id).values(counted),
            execution_options={"synchronize_session": False},
        )


def _shown(comment: Comment) -> CommentOut:
    gone = comment.is_deleted
    return CommentOut(
        id=comment.id,
        parent_id=comment.parent_id,
        depth=comment.depth,
        is_deleted=gone,
        author=None if gone else AuthorSummary.model_validate(comment.author),
        body_markdown=None if gone else comment.body_markdown,
        body_html=None if gone else comment.body_html,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
    )


def _whole(comment: Comment) -> ModeratedComment:
    return ModeratedComment(
        id=comment.id,
        article_slug=comment.article.slug,
        parent_id=comment.parent_id,
        author=AuthorSummary.model_validate(comment.author),
        body_markdown=comment.body_markdown,
        body_html=comment.body_html,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        deleted_at=comment.deleted_at,
    )
