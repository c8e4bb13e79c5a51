"""What can go wrong with articles, tags, categories and authors."""

from app.core.errors import Conflict, Invalid, NotFound


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


class AuthorNotFound(NotFound):
    code = "author_not_found"
    message = "There is no such author."
