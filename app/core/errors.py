"""What can go wrong in the domain: a category says what kind it is, a leaf is one rule with its stable code.

`Invalid` is what no state of the blog could make right; `Conflict` is what clashes with what is there now.
"""

from typing import ClassVar


class AppError(Exception):
    """An expected failure.

    `code` never changes once published; `detail` is a sentence for a person; `field` names the input at fault.
    """

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "The request could not be carried out."

    def __init__(self, detail: str | None = None, *, field: str | None = None) -> None:
        self.detail = detail or self.message
        self.field = field
        super().__init__(self.detail)


# --- Categories: how the caller should take it -----------------------------------------------------------------


class Invalid(AppError):
    code = "invalid"


class Unauthenticated(AppError):
    code = "not_authenticated"
    message = "Log in first."


class Forbidden(AppError):
    code = "forbidden"
    message = "Your account may not do this."


class NotFound(AppError):
    code = "not_found"
    message = "There is nothing here."


class Conflict(AppError):
    code = "conflict"


class Unavailable(AppError):
    code = "unavailable"
    message = "The database cannot be reached at the moment; try again soon."


# --- Accounts --------------------------------------------------------------------------------------------------


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    message = "No account matches this login and password."


class InvalidAccessToken(Unauthenticated):
    code = "invalid_token"
    message = "The access token is wrong, expired or no longer valid; log in again."


class EmailNotVerified(Forbidden):
    code = "email_not_verified"
    message = "Verify your e-mail address first; the link is in the mail that was sent to you."


class EmailTaken(Conflict):
    code = "email_taken"
    message = "An account with this e-mail address exists."


class UsernameTaken(Conflict):
    code = "username_taken"
    message = "This username is taken."


class WeakPassword(Invalid):
    code = "weak_password"


class WrongPassword(Forbidden):
    code = "wrong_password"
    message = "The current password is wrong."


class InvalidVerificationToken(Forbidden):
    code = "invalid_verification_token"
    message = "The verification link is wrong, expired or already used."


class InvalidResetToken(Forbidden):
    code = "invalid_reset_token"
    message = "The reset link is wrong, expired or already used."


class UserNotFound(NotFound):
    code = "user_not_found"
    message = "There is no such account."


class LastAdmin(Conflict):
    code = "last_admin"
    message = "This is the last active admin; make another account admin first."


class AuthorNotFound(NotFound):
    code = "author_not_found"
    message = "There is no such author."


# --- Articles --------------------------------------------------------------------------------------------------


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


# --- Comments --------------------------------------------------------------------------------------------------


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


# --- Tags and categories ---------------------------------------------------------------------------------------


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
