"""Tags and categories as clients send and see them."""

from typing import Annotated

from pydantic import Field

from app.content.schemas.articles import SlugQuery, TagName
from app.core.schemas.base import Input, Line, Output, SafeStr, Slug, unchanged
from app.core.schemas.pages import Page, PageQuery

CategoryName = Annotated[Line, Field(max_length=100)]
Description = Annotated[SafeStr, Field(max_length=2000)]


class TagListQuery(PageQuery):
    pass


class TagUpdate(Input):
    name: TagName
    slug: Slug | None = Field(default=None, description="Derived from the name if omitted.")


class TagMerge(Input):
    tags: Annotated[
        list[SlugQuery],
        Field(min_length=1, max_length=100, description="The slugs of the tags to merge into this one."),
    ]


class TagOut(Output):
    slug: str
    name: str
    article_count: int = Field(description="Number of published articles.")


class TagPage(Page[TagOut]):
    """A page of tags."""


class CategoryInput(Input):
    name: CategoryName
    slug: Slug | None = Field(default=None, description="Derived from the name if omitted.")
    description: Description = ""
    parent: Slug | None = Field(default=None, description="The slug of the parent category.")


class CategoryUpdate(Input):
    """What to change. Omitted fields stay unchanged."""

    name: CategoryName = unchanged()
    slug: Slug = unchanged()
    description: Description = unchanged()
    parent: Slug | None = unchanged("Null to move it to the top level.")


class CategoryOut(Output):
    slug: str
    name: str
    description: str
    parent: str | None
    article_count: int = Field(description="Number of published articles, including those in subcategories.")


class CategoryTree(CategoryOut):
    children: "list[CategoryTree]"
