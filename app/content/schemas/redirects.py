"""Redirects as clients send and see them, and what is at an address."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, WithJsonSchema, model_validator

from app.content.models.redirect import GONE, NOTE_MAX_LENGTH, Redirect, RedirectMatch
from app.core.schemas.base import Input, Line, Output, SafeStr, unchanged
from app.core.schemas.pages import Page, PageQuery
from app.core.site_paths import (
    MAX_PATH_LENGTH,
    MAX_TARGET_LENGTH,
    has_more_than_path,
    normal_path,
    normal_target,
)

# Of the source of a prefix: so many are looked for at once.
MAX_PREFIX_SEGMENTS = 10


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Source = Annotated[
    SafeStr,
    Field(
        max_length=MAX_PATH_LENGTH,
        examples=["/2019/05/old-post.html"],
        description="A path, without query and fragment. A slash at its end makes no difference, but case does.",
    ),
    AfterValidator(normal_path),
    BeforeValidator(_strip),
]
Target = Annotated[
    SafeStr,
    Field(max_length=MAX_TARGET_LENGTH, examples=["/a-week-in-lisbon"]),
    AfterValidator(normal_target),
    BeforeValidator(_strip),
]
STATUSES = (301, 302, 307, 308, GONE)


def _refuse_other_statuses(status: int) -> int:
    if status not in STATUSES:
        raise ValueError("must be 301, 302, 307, 308, or 410 for what is gone")
    return status


Status = Annotated[
    StrictInt,
    AfterValidator(_refuse_other_statuses),
    WithJsonSchema({"type": "integer", "enum": list(STATUSES), "examples": [308]}),
]
Note = Annotated[Line, Field(max_length=NOTE_MAX_LENGTH, examples=["From the old blog"])]
_TARGET = "A path of the site, or an http or https URL. Null for 410, which says that what was there is gone."


def why_impossible(source: str, match: RedirectMatch, target: str | None, status: int) -> str | None:
    """What is wrong with the parts of a redirect taken together, if anything is."""
    if target is None and status != GONE:
        return "A target must be given, unless the status is 410."
    if target is not None and status == GONE:
        return "What is gone (410) has no target."
    if match is RedirectMatch.EXACT:
        return None
    if has_more_than_path(target or ""):
        return "The target of a prefix must have neither a query nor a fragment: the rest of the path is added to it."
    if source.count("/") > MAX_PREFIX_SEGMENTS:
        return f"A prefix must not have more than {MAX_PREFIX_SEGMENTS} segments."
    return None


class RedirectInput(Input):
    source: Source
    match: RedirectMatch = Field(
        default=RedirectMatch.EXACT,
        description="`prefix` is for the path and all below it: what follows is added to the target. Of several the "
        "longest wins, and an exact one over all.",
    )
    target: Target | None = Field(default=None, description=_TARGET)
    status: Status = 308
    note: Note | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if problem := why_impossible(self.source, self.match, self.target, self.status):
            raise ValueError(problem)
        return self


class RedirectUpdate(Input):
    """What to change. Omitted fields stay unchanged; with the status 410, the target goes."""

    source: Source = unchanged()
    match: RedirectMatch = unchanged()
    target: Target | None = unchanged(_TARGET)
    status: Status = unchanged()
    note: Note | None = unchanged()


class RedirectOut(Output):
    id: int = Field(examples=[7])
    source: str = Field(examples=["/2019/05/old-post.html"])
    match: RedirectMatch
    target: str | None = Field(
        examples=["/a-week-in-lisbon"],
        description="For a redirect to an article, where that is now. Null if it is gone.",
    )
    article: str | None = Field(
        examples=[None], description="The slug of the article that it follows, whatever its slug: imports create these."
    )
    status: int = Field(examples=[308])
    note: str | None = Field(examples=["From the old blog"])
    hits: int = Field(examples=[42], description="How often it was used; it takes some seconds to be counted.")
    last_hit_at: datetime | None
    created_at: datetime
    updated_at: datetime
    created_by: str | None = Field(
        examples=["anna"], description="The username of whoever created it; null for the command line and imports."
    )

    @classmethod
    def of(cls, redirect: Redirect, slug: str | None, created_by: str | None) -> Self:
        """The redirect, with the slug of the article that it leads to, if it does."""
        return cls.model_validate(
            {
                **{name: getattr(redirect, name, None) for name in cls.model_fields},
                "target": f"/{slug}" if slug is not None else redirect.target,
                "article": slug,
                "created_by": created_by,
            }
        )


class RedirectPage(Page[RedirectOut]):
    """A page of redirects."""


class RedirectListQuery(PageQuery):
    q: Annotated[SafeStr, Field(max_length=200)] | None = Field(
        default=None, description="Part of the source, the target or the note."
    )
    match: RedirectMatch | None = None


class RedirectImport(Output):
    """What an import has done, or on a dry run would have done."""

    created: int = Field(examples=[120])
    changed: int = Field(examples=[3])
    unchanged: int = Field(examples=[0])
    dry_run: bool = Field(examples=[False])


class ResolveQuery(Input):
    path: Annotated[
        SafeStr,
        # Said again for the documentation, which would show the first pattern only.
        Field(min_length=1, max_length=8000, pattern=r"^/", json_schema_extra={"pattern": r"^/[^\x00]*$"}),
    ] = Field(
        description="A path as it was requested, percent-encoded; a query is left out of account.",
        examples=["/2019/05/old-post.html"],
    )


AddressKind = Literal["article", "tag", "category", "author"]


class AddressOut(Output):
    """What is at an address."""

    resource: AddressKind = Field(examples=["article"], description="A page is an `article` as well.")
    slug: str = Field(examples=["a-week-in-lisbon"], description="Or the username of an author.")
    path: str = Field(examples=["/a-week-in-lisbon"])


def redirect_validator(redirect_id: int, updated_at: datetime) -> str:
    """What stands for a redirect in entity tags: that it is used is no change."""
    return f"{redirect_id}.{updated_at.timestamp():.6f}"
