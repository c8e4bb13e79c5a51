"""What two texts of an article differ in, and how they are merged, as clients see it."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from app.content.models import ArticleKind, Visibility
from app.content.schemas.drafts import DraftInput
from app.core.schemas.base import Output

MAX_NUMBER = 2**31 - 1


class FieldChange(Output):
    """A field in which two revisions differ; categories are named by their slugs."""

    field: str = Field(examples=["title"])
    old: str | None = Field(examples=["A week in Lisbon"])
    new: str | None = Field(examples=["Ten days in Lisbon"])


class TextOperation(Output):
    """A piece of text that both have, or only one of them."""

    op: Literal["equal", "insert", "delete"] = Field(examples=["equal"])
    text: str = Field(examples=["We arrived in "])


class BodyDiff(Output):
    """The difference of two bodies, for people and for front ends."""

    unified: str = Field(
        examples=["--- 7\n+++ 8\n@@ -1 +1 @@\n-We arrived at night.\n+We arrived at dawn.\n"],
        description="As `diff -u` prints it. Empty if the bodies are the same.",
    )
    operations: list[TextOperation] = Field(
        description="Word by word: all but the inserts are the old body, all but the deletes the new one."
    )


class RevisionDiff(Output):
    """What turns one revision into another."""

    old: int = Field(examples=[7], description="The number of the revision that is compared with.")
    new: int = Field(examples=[8], description="The number of the other one.")
    fields: list[FieldChange] = Field(description="Those that differ, without the body and the tags.")
    tags_added: list[str] = Field(examples=[["Portugal"]])
    tags_removed: list[str] = Field(examples=[[]])
    body: BodyDiff


class MergeInput(DraftInput):
    """What somebody has made of a draft, to be merged with what it has become meanwhile."""

    base_version: Annotated[StrictInt, Field(ge=1, le=MAX_NUMBER, examples=[7])] = Field(
        description="The version with which one began."
    )


class FieldConflict(Output):
    """A field that both sides have changed to something else."""

    field: str = Field(examples=["title"])
    base: str | None = Field(examples=["A week in Lisbon"], description="Null too if the base is not known.")
    mine: str | None = Field(examples=["Ten days in Lisbon"])
    theirs: str | None = Field(examples=["Lisbon in ten days"])


class MergeHunk(Output):
    """A piece of the merged body: text that nobody has to decide about, or else what each side has there."""

    text: str | None = Field(examples=["We arrived in Lisbon "], description="Null for a conflict.")
    base: str | None = Field(examples=[None])
    mine: str | None = Field(examples=[None], description="Null where there is no conflict.")
    theirs: str | None = Field(examples=[None], description="Null where there is no conflict.")


class MergedText(Output):
    """A whole draft that can be sent once every conflict is decided."""

    title: str = Field(examples=["Ten days in Lisbon"])
    slug: str = Field(examples=["ten-days-in-lisbon"])
    body_markdown: str = Field(
        examples=["We arrived in **Lisbon** at dawn."], description="In a conflict, what both sides have, mine first."
    )
    excerpt: str | None = Field(examples=[None])
    language: str = Field(examples=["en"])
    cover_image_url: str | None = Field(examples=["https://images.example.com/lisbon.jpg"])
    category: str | None = Field(examples=["travel"], description="A category's slug.")
    tags: list[str] = Field(examples=[["Slow travel"]])
    kind: ArticleKind = Field(examples=["article"])
    visibility: Visibility = Field(examples=["public"])


class MergeOut(Output):
    """A merge that is not saved: send `merged`, with `If-Match: etag`, when the conflicts are decided."""

    version: int = Field(examples=[8], description="The version of the present draft, with which the text was merged.")
    etag: str = Field(
        examples=['"42.8"'], description="The tag to send as `If-Match` with the request that saves the result."
    )
    is_base_known: bool = Field(
        examples=[True], description="If the base is gone, every difference of the two sides is a conflict."
    )
    merged: MergedText = Field(description="A field in a conflict has their value.")
    field_conflicts: list[FieldConflict]
    hunks: list[MergeHunk] = Field(description="The body in pieces, in order.")
