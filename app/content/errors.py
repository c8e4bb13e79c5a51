"""What can go wrong with articles, tags, categories, authors and redirects."""

from app.core.errors import Conflict, Gone, Invalid, Moved, NotFound, Unavailable

# What else may be said of a slug under which nothing is found, to those who only read.
FORMER = (Moved, Gone)


class ArticleNotFound(NotFound):
    code = "article_not_found"
    message = "Article not found."


class SlugTaken(Conflict):
    code = "slug_taken"
    message = "This slug is already taken."


class PublicationInFuture(Conflict):
    code = "publication_in_future"
    message = "The publication date must not be later than the publication."


class ScheduledTooEarly(Conflict):
    code = "scheduled_too_early"
    message = "This time has passed. To publish at once, leave `publish_at` out."


class ScheduledTooLate(Conflict):
    code = "scheduled_too_late"
    message = "This is too far away: nothing is scheduled for later than ten years from now."


class ScheduleEndsFirst(Conflict):
    code = "schedule_ends_first"
    message = "The article would become a draft again before it is published."


class NothingToPublish(Conflict):
    code = "nothing_to_publish"
    message = "Everything that is written is published already. Save a draft first."


class ScheduleNotFound(NotFound):
    code = "schedule_not_found"
    message = "Nothing is scheduled for this article."


class DraftExists(Conflict):
    code = "draft_exists"
    message = (
        "This article has a draft that is not published yet. Change the draft, or say with the parameter `draft` what "
        "becomes of it."
    )


class DraftNotFound(NotFound):
    code = "draft_not_found"
    message = "This article has no draft."


class NothingPublished(Conflict):
    code = "nothing_published"
    message = "This article is not published: there is no text to go back to. Delete the article instead."


class RevisionNotFound(NotFound):
    code = "revision_not_found"
    message = "This article has no such revision."


class RevisionDamaged(Conflict):
    code = "revision_damaged"
    message = "What is stored of this revision is damaged. Only a backup may still have it."


class TooComplex(Invalid):
    code = "too_complex"
    message = "This text takes too long to render. Make it shorter or simpler."


class RenderingUnavailable(Unavailable):
    """Too many texts wait to be rendered, or what renders them was killed; the text itself is not at fault."""

    code = "rendering_unavailable"
    message = "This text cannot be rendered right now; nothing was saved. Try again shortly."


class ComparisonUnavailable(Unavailable):
    """Too many texts wait to be compared."""

    code = "comparison_unavailable"
    message = "These texts cannot be compared right now. Try again shortly."


class TagNotFound(NotFound):
    code = "tag_not_found"
    message = "Tag not found."


class TagTaken(Conflict):
    code = "tag_taken"
    message = "A tag with this name or slug already exists. Merge the two instead."


class CategoryNotFound(NotFound):
    code = "category_not_found"
    message = "Category not found."


class UnknownCategory(Conflict):
    code = "unknown_category"
    message = "No category has this slug."


class CategoryTaken(Conflict):
    code = "category_taken"
    message = "A category with this name or slug already exists."


class CategoryCycle(Conflict):
    code = "category_cycle"
    message = "A category cannot be moved under itself."


class CategoryTooDeep(Conflict):
    code = "category_too_deep"
    message = "Categories cannot be nested any deeper."


class AuthorNotFound(NotFound):
    code = "author_not_found"
    message = "Author not found."


class RedirectNotFound(NotFound):
    code = "redirect_not_found"
    message = "Redirect not found."


class RedirectExists(Conflict):
    code = "redirect_exists"
    message = "There is a redirect from this path already."


class RedirectLoop(Conflict):
    """The detail shows the chain."""

    code = "redirect_loop"


class ImpossibleRedirect(Invalid):
    code = "impossible_redirect"
    message = "These parts do not make a redirect."
