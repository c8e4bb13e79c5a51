"""What is written: articles, comments, tags and categories."""

from app.core.errors.categories import Conflict, Invalid, NotFound


class ArticleNotFound(NotFound):
    code = "article_not_found"
    message = "There is no such article."


class SlugTaken(Conflict):
    code = "slug_taken"
    message = "Another one has this slug."


class PublicationInFuture(Conflict):
    code = "publication_in_future"
    message = "An article cannot be published at a future date."


class TooComplex(Invalid):
    code = "too_complex"
    message = "This text takes too long to render; make it shorter or simpler."


class InvalidCursor(Invalid):
    code = "invalid_cursor"
    message = "The cursor does not belong to this list; start from the first page."


class CommentNotFound(NotFound):
    code = "comment_not_found"
    message = "There is no such comment."


class ParentCommentNotFound(Conflict):
    code = "parent_not_found"
    message = "The comment that this answers does not exist on this article."


class ThreadTooDeep(Conflict):
    code = "thread_too_deep"
    message = "This thread cannot be nested deeper; answer a comment further up."


class EmptyComment(Invalid):
    code = "empty_comment"
    message = "Nothing of this comment would be shown."


class TagNotFound(NotFound):
    code = "tag_not_found"
    message = "There is no such tag."


class TagTaken(Conflict):
    code = "tag_taken"
    message = "Another tag has this name; merge the two instead."


class CategoryNotFound(NotFound):
    code = "category_not_found"
    message = "There is no such category."


class UnknownCategory(Conflict):
    code = "unknown_category"
    message = "There is no category with this slug."


class CategoryTaken(Conflict):
    code = "category_taken"
    message = "Another category has this slug."


class CategoryCycle(Conflict):
    code = "category_cycle"
    message = "A category cannot be moved below itself."


class CategoryTooDeep(Conflict):
    code = "category_too_deep"
    message = "Categories cannot be nested deeper."
