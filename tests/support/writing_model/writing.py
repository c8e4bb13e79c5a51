"""What people do to articles, or are refused, as it is to be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.support.writing_model.blog import (
    ANONYMOUS,
    EDITOR,
    READER,
    WRITERS,
    Article,
    Blog,
    Comment,
    Copy,
    Refused,
    Revision,
    Text,
)

CREATED, DONE, GONE = 201, 200, 204


def exists_for(who: str, article: Article) -> bool:
    if article.is_deleted:
        return False
    if who in {EDITOR, article.author}:
        return True
    return article.is_published and (who != ANONYMOUS or article.row.visibility != "members")


@dataclass(frozen=True)
class Condition:
    """The `If-Match` of a request: None, the version that it names, or any."""

    version: int | None = None
    any: bool = False

    def require(self, version: int) -> None:
        if not self.any and self.version not in {None, version}:
            raise Refused(412)

    @property
    def is_given(self) -> bool:
        return self.any or self.version is not None

    def headers(self, article: Article) -> dict[str, str]:
        if self.any:
            return {"If-Match": "*"}
        return {} if self.version is None else {"If-Match": f'"{article.id}.{self.version}-0123456789ab-zstd"'}


class Writing:
    """Each changes the blog and returns the status that says so, or raises `Refused` and has changed nothing."""

    def __init__(self, blog: Blog) -> None:
        self._blog = blog

    def create(self, who: str, text: Text, *, is_published: bool) -> Article:
        if who not in WRITERS:
            raise Refused(401 if who == ANONYMOUS else 403)
        self._require_free(text.slug, None)
        article = Article(who, text, self._blog.tag_with(text.tags), is_published=is_published)
        article.published_at = "some day" if is_published else None
        article.version = self._record(article, article.text, who)
        self._open(article)
        self._blog.articles.append(article)
        return article

    def update(self, who: str, article: Article, condition: Condition, changes: Mapping[str, Any], fate: str) -> int:
        self.require_editable(who, article)
        condition.require(article.version)
        if article.draft is not None and not fate:
            raise Refused(409)
        kept = article.draft if fate == "keep" else None
        text = replace(article.text, **changes)
        self._require_free(text.slug, article)
        article.draft = kept
        if text != article.text:
            article.version = self._record(article, text, who)
            self._write(article, text)
        return DONE

    def save_draft(
        self, who: str, article: Article, condition: Condition, changes: Mapping[str, Any], *, is_autosave: bool
    ) -> int:
        self.require_editable(who, article)
        written = article.written
        condition.require(written.version)
        text = replace(written.text, **changes)
        self._require_free(text.slug, article)
        self._store_draft(article, text, who, is_autosave=is_autosave)
        return DONE

    def _store_draft(self, article: Article, text: Text, who: str, *, is_autosave: bool = False) -> None:
        written = article.written
        version = written.version
        if text != written.text:
            version = self._record(article, text, who, is_autosave=is_autosave)
        if article.is_published:
            article.draft = Copy(text, version)
        elif text != written.text:
            article.version = version
            self._write(article, text)

    def discard_draft(self, who: str, article: Article, condition: Condition) -> int:
        self.require_editable(who, article)
        if article.draft is None:
            # Nothing can be discarded that is no draft, whatever the request is meant for.
            raise Refused(404 if article.is_published else 409, 412)
        condition.require(article.written.version)
        article.draft = None
        return GONE

    def restore_revision(self, who: str, article: Article, condition: Condition, number: int) -> int:
        self.require_editable(who, article)
        if number not in article.revisions:
            raise Refused(404)
        condition.require(article.written.version)
        present = article.written.text
        earlier = article.revisions[number].text
        text = replace(earlier, slug=present.slug, kind=present.kind, visibility=present.visibility)
        self._store_draft(article, text, who)
        return DONE

    def name_revision(self, who: str, article: Article, number: int, name: str | None) -> int:
        self.require_editable(who, article)
        revision = article.revisions.get(number)
        if revision is None or revision.is_superseded:
            raise Refused(404)
        revision.name = name
        return DONE

    def publish(self, who: str, article: Article, condition: Condition, at: str | None) -> int:
        self.require_editable(who, article)
        condition.require(article.written.version)
        self._publish(article, who, at or article.published_at or "some day")
        return DONE

    def schedule(self, who: str, article: Article, condition: Condition) -> int:
        """Have what is written now published much later."""
        self.require_editable(who, article)
        condition.require(article.written.version)
        text = article.written.text
        if article.is_published and article.draft is None:
            if article.scheduled is None:
                raise Refused(409)
        elif article.scheduled is None or article.scheduled.text != text:
            article.scheduled = Copy(text, self._record(article, text, who))
        return DONE

    def withdraw(self, who: str, article: Article) -> int:
        self.require_editable(who, article)
        if article.scheduled is None:
            raise Refused(404)
        article.scheduled = None
        return GONE

    def _publish(self, article: Article, who: str, at: str) -> None:
        # By hand, instead of what was to be published later.
        article.scheduled = None
        is_new = not article.is_published or at != article.published_at
        article.is_published, article.published_at = True, at
        if article.draft is not None:
            text, article.draft = article.draft.text, None
            article.version = self._record(article, text, who)
            self._write(article, text)
        elif is_new:
            article.version = self._record(article, article.text, who)
        self._open(article)

    def unpublish(self, who: str, article: Article, condition: Condition) -> int:
        self.require_editable(who, article)
        condition.require(article.version)
        article.scheduled = None
        if article.is_published:
            article.is_published = False
            if article.draft is not None:
                draft, article.draft = article.draft, None
                is_older = draft.version < article.version
                article.version = self._record(article, draft.text, who) if is_older else draft.version
                self._write(article, draft.text)
        return GONE

    def delete(self, who: str, article: Article, condition: Condition) -> int:
        self.require_editable(who, article)
        condition.require(article.version)
        article.is_deleted, article.scheduled = True, None
        return GONE

    def restore(self, who: str, article: Article, condition: Condition) -> int:
        if who != EDITOR:
            raise Refused(401 if who == ANONYMOUS else 403)
        condition.require(article.version)
        article.is_deleted = False
        return DONE

    def comment(self, who: str, article: Article, body: str) -> Comment:
        if who == ANONYMOUS:
            raise Refused(401)
        if not exists_for(who, article):
            raise Refused(404)
        comment = Comment(0, who, body)
        article.comments.append(comment)
        return comment

    def change_comment(self, who: str, article: Article, comment: Comment, body: str | None) -> int:
        """Edit it, or delete it if it is to have no body."""
        if who == ANONYMOUS:
            raise Refused(401)
        if not exists_for(who, article) or comment.is_deleted:
            raise Refused(404)
        if who != comment.author and (body is not None or who not in {EDITOR, article.author}):
            raise Refused(403)
        if body is None:
            comment.is_deleted = True
            return GONE
        comment.body = body
        return DONE

    def restore_comment(self, who: str, article: Article, comment: Comment) -> int:
        if who != EDITOR:
            raise Refused(401 if who == ANONYMOUS else 403)
        if not exists_for(who, article):
            raise Refused(404)
        comment.is_deleted = False
        return DONE

    def require_editable(self, who: str, article: Article) -> None:
        if who == ANONYMOUS:
            raise Refused(401)
        if not exists_for(who, article):
            raise Refused(404)
        if who == READER or who not in {EDITOR, article.author}:
            raise Refused(403)

    def _require_free(self, slug: str, article: Article | None) -> None:
        if any(slug in other.slugs for other in self._blog.articles if other is not article):
            raise Refused(409)

    def _record(self, article: Article, text: Text, who: str, *, is_autosave: bool = False) -> int:
        if is_autosave:
            mine = [
                each
                for each in article.revisions.values()
                if each.by == who and each.is_autosave and each.name is None and not each.is_superseded
            ]
            for earlier in mine[-1:]:
                earlier.is_superseded = True
        number = article.latest + 1
        article.revisions[number] = Revision(text, who, is_autosave=is_autosave)
        return number

    def _write(self, article: Article, text: Text) -> None:
        article.row, article.tags = text, self._blog.tag_with(text.tags)
        self._open(article)

    def _open(self, article: Article) -> None:
        if not article.is_published:
            return
        slug, earlier = article.row.slug, self._blog.led_to.setdefault(article.row.slug, [])
        before = self._blog.leads_to.get(slug, article)
        if before is not article and before not in earlier:
            earlier.append(before)
        self._blog.leads_to[slug] = article
        if article.row.visibility != "members":
            self._blog.were_public.add((slug, article))
