"""The services of the blog's content."""

from app.content.services.articles import ArticleService
from app.content.services.authors import AuthorService
from app.content.services.categories import CategoryService
from app.content.services.tags import TagService
from app.unit_of_work import UnitOfWork, per_unit


class ContentServices:
    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit

    articles = per_unit(ArticleService)
    authors = per_unit(AuthorService)
    categories = per_unit(CategoryService)
    tags = per_unit(TagService)
