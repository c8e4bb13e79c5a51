"""Comments: written, replied to, listed, deleted and restored."""

from functools import partial
from typing import Any

from sqlalchemy import select

from app.accounts.policies.actors import Actor, require_account, require_role, require_verified
from app.cache import keys
from app.comments import queries as comments
from app.comments.errors import CommentNotFound, ParentCommentNotFound, ThreadTooDeep
from app.comments.events import CommentDeleted, CommentEdited, CommentEvent, CommentRestored, CommentWritten
from app.comments.models import MAX_DEPTH, Comment
from app.comments.policies import require_comment_deletion, require_comment_editing
from app.comments.queries import CommentRow
from app.comments.rendering import rendered_comment
from app.comments.schemas import (
    CommentInput,
    CommentListQuery,
    CommentUpdate,
    ModeratedComment,
    ModerationQuery,
)
from app.content.queries import articles
from app.content.queries.articles import Viewer
from app.content.schemas.authors import AuthorSummary
from app.content.services.articles import ArticleService
from app.core import clock
from app.core.roles import Role
from app.db.compiled_selects import CompiledSelect
from app.db.paging import PageResult, fetch_entities, read_page
from app.db.session import reading
from app.unit_of_work import UnitOfWork


class CommentService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._articles = ArticleService(unit)

    async def list(self, actor: Actor, slug: str, query: CommentListQuery) -> PageResult[CommentRow]:
        """An article's comments, each followed by its replies. Raises `ArticleNotFound`, `Moved` or `Gone`."""
        viewer = articles.viewer_of(actor)
        values = {"slug": slug, "actor_id": actor.id if actor else None}
        listing = partial(_listing, viewer)
        page = await read_page(self._unit.rows, listing, comments.IN_THREADS, query, values)
        surrogate_keys: set[str] = set()
        if not page.items:
            article_id = await self._articles.id_to_read(actor, slug)
            surrogate_keys |= {keys.comments_of(article_id), keys.article(article_id)}
            # It may have been published in between.
            page = await read_page(self._unit.rows, listing, comments.IN_THREADS, query, values)
        items = comments.COMMENT.unpack(page.items, surrogate_keys)
        if actor is None:
            self._unit.surrogate_keys.add(*surrogate_keys)
        return PageResult(items, page.next_cursor)

    async def get(self, actor: Actor, comment_id: int) -> CommentRow:
        """One comment. Raises `CommentNotFound`."""
        values = {"id": comment_id, "actor_id": actor.id if actor else None}
        found = await self._unit.rows.fetch(comments.by_id(articles.viewer_of(actor)), values)
        if not found:
            raise CommentNotFound
        surrogate_keys: set[str] = set()
        (comment,) = comments.COMMENT.unpack(found, surrogate_keys)
        if actor is None:
            self._unit.surrogate_keys.add(*surrogate_keys)
        return comment

    async def moderate(self, actor: Actor, query: ModerationQuery) -> PageResult[ModeratedComment]:
        """The newest comments of the whole blog, for editors."""
        require_role(actor, Role.EDITOR)
        statement = comments.for_moderation(query.deleted).where(articles.visible_to(actor))
        page = await fetch_entities(self._unit.session, statement, comments.NEWEST, query)
        return PageResult([_whole(comment) for comment in page.items], page.next_cursor)

    async def create(self, actor: Actor, slug: str, data: CommentInput) -> CommentRow:
        """Comment on an article, or reply to one of its comments.

        Raises `ArticleNotFound`, `ParentCommentNotFound`, `ThreadTooDeep`, or as `rendered_comment` does.
        """
        author = require_verified(actor).account
        if not self._unit.session.in_transaction():
            # Nothing is rendered for an article that is not there. Commands write many comments in one transaction.
            async with reading(self._unit.session):
                await self._articles.id_of(actor, slug)
        html = await rendered_comment(data.body_markdown, author.id)
        article_id = await self._articles.id_of(actor, slug)
        parent = await self._parent(article_id, data.parent_id) if data.parent_id is not None else None
        comment = Comment(article_id=article_id, author_id=author.id, parent_id=data.parent_id, author=author)
        comment.write(data.body_markdown, html)
        self._unit.session.add(comment)
        await self._unit.session.flush()
        comment.place_below(parent)
        await self._emit(CommentWritten, author.id, comment, parent_id=comment.parent_id)
        return await self._reloaded(comment)

    async def update(self, actor: Actor, comment_id: int, data: CommentUpdate) -> CommentRow:
        """Change the actor's own comment. Raises `CommentNotFound`, or as `rendered_comment` does."""
        author = require_verified(actor)
        async with reading(self._unit.session):
            # Nothing is rendered for somebody else's comment.
            require_comment_editing(actor, await self._found(actor, comment_id))
        # Before anything is locked, for it takes a while.
        html = await rendered_comment(data.body_markdown, author.id)
        comment = await self._locked(actor, comment_id)
        require_comment_editing(actor, comment)
        await self._unit.preconditions.require(lambda: self._reloaded(comment))
        comment.write(data.body_markdown, html)
        comment.edited_at = clock.now()
        await self._emit(CommentEdited, comment.author_id, comment)
        return await self._reloaded(comment)

    async def delete(self, actor: Actor, comment_id: int) -> None:
        """Delete a comment; its replies stay. Raises `CommentNotFound`."""
        by = require_account(actor)
        comment = await self._locked(actor, comment_id)
        require_comment_deletion(actor, comment, comment.article)
        await self._unit.preconditions.require(lambda: self._reloaded(comment))
        comment.deleted_at = clock.now()
        await self._unit.session.flush()
        await self._emit(CommentDeleted, by.id, comment)

    async def restore(self, actor: Actor, comment_id: int) -> CommentRow:
        """Restore a deleted comment. Raises `CommentNotFound`."""
        editor = require_role(actor, Role.EDITOR)
        comment = await self._locked(actor, comment_id, deleted=None)
        await self._unit.preconditions.require(None)
        if comment.is_deleted:
            comment.deleted_at = None
            await self._unit.session.flush()
            await self._emit(CommentRestored, editor.id, comment)
        return await self._reloaded(comment)

    async def _emit(self, event: type[CommentEvent], by: int, comment: Comment, **details: Any) -> None:
        await self._unit.emit(event(comment.id, comment.article_id, comment.author_id, by, **details))

    async def _parent(self, article_id: int, parent_id: int) -> Comment:
        parent = await self._unit.session.scalar(
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
        return await self._found(actor, comment_id, deleted=deleted, lock=True)

    async def _found(
        self, actor: Actor, comment_id: int, *, deleted: bool | None = False, lock: bool = False
    ) -> Comment:
        require_account(actor)
        statement = comments.for_moderation(deleted).where(Comment.id == comment_id, articles.visible_to(actor))
        if lock:
            statement = statement.with_for_update(of=Comment, key_share=True)
        comment: Comment | None = await self._unit.session.scalar(statement.execution_options(populate_existing=True))
        if comment is None:
            raise CommentNotFound
        return comment

    async def _reloaded(self, comment: Comment) -> CommentRow:
        """The comment as it is read from now on."""
        found = await self._unit.rows.fetch(comments.BY_ID, {"id": comment.id})
        (shown,) = comments.COMMENT.unpack(found, set())
        return shown


def _listing(viewer: Viewer, cursor: bool, size: int) -> CompiledSelect:
    return comments.listing(viewer, cursor=cursor, size=size)


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
