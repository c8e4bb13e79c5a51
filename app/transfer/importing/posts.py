"""A post from another blog, validated by the same rules as one that is sent to the API."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from app.content.models import ArticleStatus
from app.content.schemas.articles import ArticleInput, Title
from app.core.slugs import slug_for
from app.transfer.importing import fields
from app.transfer.importing.bodies import Body, Templates, converted
from app.transfer.importing.excerpts import excerpt
from app.transfer.importing.fields import Author, Fields, is_yes, spelled_as_username
from app.transfer.importing.fitting import Fitter, cut
from app.transfer.importing.former_paths import declared_paths, former_paths
from app.transfer.importing.front_matter import BadPost, NotAPost, parse
from app.transfer.importing.kinds import kind_of, notes_of, visibility_of
from app.transfer.importing.languages import language_of
from app.transfer.importing.own_exports import body_of, is_own
from app.transfer.importing.places import Place, place_of
from app.transfer.importing.publication import published_at
from app.transfer.importing.shapes import first_line, squeezed
from app.transfer.importing.slugs import decoded, slug_of, url_path
from app.transfer.importing.surroundings import inherited, is_template
from app.transfer.importing.withheld import expiry_note, reason_for_draft

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class Post:
    """What is to become an article. `content` is what the file says, including the preferred slug."""

    content: ArticleInput
    published_at: datetime | None
    author: Author
    category: str | None
    notes: tuple[str, ...] = ()
    templates: Templates = Templates.LIQUID
    is_translation: bool = False
    # On its old site: those that its front matter names as former ones as they are written there, and all of them.
    declared_paths: tuple[str, ...] = ()
    former_paths: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        return self.content.slug or slug_for(self.content.title)

    @cached_property
    def body(self) -> Body:
        """The body without what only its generator understands."""
        return converted(self.content.body_markdown, self.templates)

    @property
    def digest(self) -> str:
        """Differs whenever the article would; fields that do not exist yet do not change it."""
        moment = self.published_at and self.published_at.astimezone(UTC).isoformat()
        author = spelled_as_username(self.author.name)
        parts: list[Any] = [self.content.model_dump(mode="json", exclude_defaults=True), moment, author, self.category]
        # Posts without former addresses are as they were before these were looked at.
        if self.declared_paths:
            parts.append(self.declared_paths)
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_post(path: PurePath, text: str, *, now: datetime, author: Author, language: str = DEFAULT_LANGUAGE) -> Post:
    """The post in a file; `author` and `language` are used if it names none. Raises `NotAPost` or `BadPost`."""
    place = place_of(path)
    if place.is_section:
        raise NotAPost("it is a section page")
    if is_template(path, text):
        raise NotAPost("it is a template for new posts")
    fields_as_written, body = parse(text)
    templates = _templates(text)
    if templates is Templates.NONE:
        body = body_of(text)
    found = squeezed(fields_as_written)
    fitter = Fitter()
    old_path = url_path(found)
    date = published_at(found, place.date, old_path)
    by, *others = fields.authors(found) or [author]
    surrounded = inherited(path) | found
    kind, visibility = kind_of(surrounded, place), visibility_of(surrounded)
    reason = reason_for_draft(surrounded, path, date, now, kind)
    categories = [name for label in fields.labels(found, "category", "categories") if (name := fitter.category(label))]
    own_language = _language(found, place, fitter)
    try:
        content = ArticleInput(
            title=_title(found, place, fitter),
            body_markdown=body,
            slug=slug_of(found, old_path, place.name),
            excerpt=fitter.excerpt(excerpt(found, body, templates)) or None,
            language=own_language or language,
            category=slug_for(categories[0]) if categories else None,
            tags=fitter.tags(_tags(found, categories)),
            status=ArticleStatus.DRAFT if reason else ArticleStatus.PUBLISHED,
            kind=kind,
            visibility=visibility,
        )
    except ValidationError as error:
        raise BadPost(_problem(error)) from error
    others_named = f"also by {', '.join(other.name for other in others)}" if others else None
    of_published = (*notes_of(kind, visibility), expiry_note(found, now)) if not reason else ()
    notes = (reason, *of_published, others_named, *fitter.notes)
    return Post(
        content,
        date,
        by,
        categories[0] if categories else None,
        tuple(note for note in notes if note),
        templates,
        is_translation=_is_translation(found, place, own_language or language, language),
        declared_paths=tuple(declared_paths(found)),
        former_paths=former_paths(found, path),
    )


def _templates(text: str) -> Templates:
    if is_own(text):
        return Templates.NONE
    # Jekyll knows no TOML; whoever does may show Jekyll's tags in code.
    return Templates.HUGO if text.lstrip("\n").startswith("+++") else Templates.LIQUID


def _title(found: Fields, place: Place, fitter: Fitter) -> str:
    given = found.get("title")
    title = fitter.title(first_line(given))
    fitter.lost(given, title, "title")
    name = " ".join(re.sub(r"[-_]+", " ", decoded(place.name)).split())
    return title or cut(name[:1].upper() + name[1:], Title) or slug_for(name).capitalize()


def _tags(found: Fields, categories: list[str]) -> list[str]:
    """An article has one category; the others are not lost."""
    return fields.without_repetition([*fields.labels(found, "tag", "tags"), *categories[1:]])


def _language(found: Fields, place: Place, fitter: Fitter) -> str | None:
    """What the fields say, or else the path."""
    for name in ("lang", "language", "locale"):
        for value in fields.everywhere(found, name):
            if tag := language_of(value):
                return tag
            if first_line(value):
                fitter.notes.append(f"its language {first_line(value)[:40]!r} is not known")
    return place.language


def _is_translation(found: Fields, place: Place, own: str, default: str) -> bool:
    """Whether the original, if there is one, has the better claim to the slug."""
    is_foreign = own.partition("-")[0] != default.partition("-")[0]
    return is_yes(found.get("translation")) or (place.language is not None and (is_foreign or own != default))


def _problem(error: ValidationError) -> str:
    problem: Any = error.errors(include_url=False, include_input=False)[0]
    name = " ".join(str(part) for part in problem["loc"])
    limit = problem.get("ctx", {}).get("max_length")
    if limit is not None:
        return f"its field {name} has more than {limit:,} characters"
    return f"its field {name} contains characters that are not allowed"
