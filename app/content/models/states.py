"""What articles can be."""

from enum import StrEnum


class ArticleStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class ArticleKind(StrEnum):
    """What it is: a page is found by its address only, and has no date for readers."""

    ARTICLE = "article"
    PAGE = "page"


class Visibility(StrEnum):
    """Who finds it, once it is published: everybody; whoever has its address; or whoever is logged in."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    MEMBERS = "members"
