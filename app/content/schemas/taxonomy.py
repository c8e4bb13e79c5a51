"""Tags and categories as clients send and see them."""

from typing import Annotated

from pydantic import Field

from app.content.schemas.articles import CategorySlug, SlugQuery, TagName
from app.core.schemas.base import Input, Line, Output, SafeStr, Slug, unchanged
from app.core.schemas.pages import Page, PageQuery

CategoryName = Annotated[Line, Field(max_length=100, examples=["Travel"])]
Description = Annotated[SafeStr, Field(max_length=2000, examples=["Journeys, mostly by train."])]
TagSlug = Annotated[Slug, Field(examples=["slow-travel"])]
ParentSlug = Annotated[Slug, Field(examples=["life"])]


class TagListQuery(PageQuery):
    pass


class TagUpdate(Input):
    name: TagName
    slug: TagSlug | None = Field(default=None, description="Derived from the name if omitted.")


class TagMerge(Input):
    tags: Annotated[
        list[SlugQuery],
        Field(
            min_length=1,
            max_length=100,
            examples=[["slow-travels", "slowtravel"]],
            description="The slugs of the tags to merge into this one.",
        ),
    ]


class TagOut(Output):
    slug: str = Field(examples=["slow-travel"])
    name: str = Field(examples=["Slow travel"])
    article_count: int = Field(examples=[7], description="Number of published articles.")


class TagPage(Page[TagOut]):
    """A page of tags."""


class CategoryInput(Input):
    name: CategoryName
    slug: CategorySlug | None = Field(default=None, description="Derived from the name if omitted.")
    description: Description = ""
    parent: ParentSlug | None = Field(default=None, description="The slug of the parent category.")


class CategoryUpdate(Input):
    """What to change. Omitted fields stay unchanged."""

    name: CategoryName = unchanged()
    slug: CategorySlug = unchanged()
    description: Description = unchanged()
    parent: ParentSlug | None = unchanged("Null to move it to the top level.")


class CategoryOut(Output):
    slug: str = Field(examples=["travel"])
    name: str = Field(examples=["Travel"])
    description: str = Field(examples=["Journeys, mostly by train."])
    parent: str | None = Field(examples=["life"])
    article_count: int = Field(
        examples=[12], description="Number of published articles, including those in subcategories."
    )


class CategoryTree(CategoryOut):
    children: "list[CategoryTree]" = Field(examples=[[]])
