"""A post from another blog, validated by the same rules as one that is sent to the API."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.accounts.schemas.users import DisplayName
from app.content.models import ArticleStatus
from app.content.schemas.articles import ArticleInput
from app.content.schemas.taxonomy import CategoryName
from app.core.slugs import slug_for
from app.transfer.importing import dates, fields
from app.transfer.importing.fields import Author, Fields, spelled_as_username
from app.transfer.importing.front_matter import BadPost, NotAPost, parse
from app.transfer.importing.liquid import without_liquid

_SECTION_PAGE = "_index"
_BUNDLE_PAGE = "index"
_DRAFTS_FOLDER = "_drafts"
_CATEGORY_NAME: TypeAdapter[str] = TypeAdapter(CategoryName)
_DISPLAY_NAME: TypeAdapter[str] = TypeAdapter(DisplayName)


@dataclass(frozen=True)
class Post:
    """What is to become an article. `content` is what the file says, including the preferred slug."""

    content: ArticleInput
    published_at: datetime | None
    author: Author
    category: str | None
    notes: tuple[str, ...] = ()
    may_have_liquid: bool = True

    def __post_init__(self) -> None:
        _check("author", _DISPLAY_NAME, self.author.name)
        if self.category is not None:
            _check("category", _CATEGORY_NAME, self.category)

    @property
    def slug(self) -> str:
        return self.content.slug or slug_for(self.content.title)

    @property
    def body(self) -> str:
        """The body without what only Jekyll understands."""
        markdown = self.content.body_markdown
        return without_liquid(markdown) if self.may_have_liquid else markdown

    @property
    def digest(self) -> str:
        """Differs whenever the article would; fields that do not exist yet do not change it."""
        moment = self.published_at and self.published_at.astimezone(UTC).isoformat()
        author = spelled_as_username(self.author.name)
        parts = [self.content.model_dump(mode="json", exclude_defaults=True), moment, author]
        return sha256(json.dumps([*parts, self.category], sort_keys=True).encode()).hexdigest()


def read_post(path: PurePath, text: str, *, now: datetime, author: Author) -> Post:
    """The post in a file; `author` is used if it names none. Raises `NotAPost` or `BadPost`."""
    if path.stem == _SECTION_PAGE:
        raise NotAPost("it is a section page")
    found, body = parse(text)
    date_of_file, name = dates.split_name(path.parent.name if path.stem == _BUNDLE_PAGE else path.stem)
    published_at = _published_at(found, date_of_file)
    by, *others = fields.authors(found) or [author]
    reason = _reason_for_draft(found, path, published_at, now)
    categories = fields.labels(found, "category", "categories")
    try:
        content = _content(found, body, _slug(found, name), categories, is_draft=reason is not None)
    except ValidationError as error:
        raise BadPost(_problem(error)) from error
    others_named = f"also by {', '.join(other.name for other in others)}" if others else None
    notes = tuple(note for note in (reason, others_named) if note)
    # Jekyll knows no TOML; whoever does may show Jekyll's tags in code.
    is_toml = text.lstrip("\n").startswith("+++")
    category = categories[0] if categories else None
    return Post(content, published_at, by, category, notes, may_have_liquid=not is_toml)


def _content(found: Fields, body: str, slug: str, categories: list[str], *, is_draft: bool) -> ArticleInput:
    return ArticleInput(
        title=fields.text(found.get("title"), "title") or slug.replace("-", " ").capitalize(),
        body_markdown=body,
        slug=slug,
        excerpt=fields.text(found.get("description"), "description") or None,
        language=_language(found),
        category=slug_for(categories[0]) if categories else None,
        # An article has one category; the others are not lost.
        tags=fields.without_repetition([*fields.labels(found, "tag", "tags"), *categories[1:]]),
        status=ArticleStatus.DRAFT if is_draft else ArticleStatus.PUBLISHED,
    )


def _published_at(found: Fields, date_of_file: datetime | None) -> datetime | None:
    if date := found.get("date"):
        return dates.moment(date)
    return date_of_file or dates.date_in_path(_url_path(found))


def _url_path(found: Fields) -> str:
    """The post's URL path on its old site, if given: `path` in Zola, `url` in Hugo, `permalink` in Jekyll."""
    for name in ("path", "url", "permalink"):
        path = fields.text(found.get(name), name)
        if path and ":" not in path and (name == "path" or "/" in path):
            return path.removesuffix("/").removesuffix(".html")
    return ""


def _slug(found: Fields, name: str) -> str:
    return slug_for(fields.text(found.get("slug"), "slug") or _url_path(found).rpartition("/")[2] or name)


def _language(found: Fields) -> str:
    given = fields.text(found.get("lang"), "lang") or fields.text(found.get("language"), "language")
    return given.replace("_", "-") or "en"


def _reason_for_draft(found: Fields, path: PurePath, published_at: datetime | None, now: datetime) -> str | None:
    """Why it is not to be published, if it is not."""
    if fields.is_yes(found.get("draft")) or fields.is_no(found.get("published")) or _DRAFTS_FOLDER in path.parts:
        return "a draft"
    if published_at is None:
        return "a draft, because it has no date"
    if published_at > now:
        return "a draft, because its date is in the future"
    return None


def _check(name: str, allowed: TypeAdapter[str], value: str) -> None:
    try:
        allowed.validate_python(value)
    except ValidationError as error:
        raise BadPost(_problem(error, name)) from error


def _problem(error: ValidationError, *place: str) -> str:
    problem: Any = error.errors(include_url=False, include_input=False)[0]
    name = " ".join(str(part) for part in (*place, *problem["loc"]))
    limit = problem.get("ctx", {}).get("max_length")
    if limit is not None:
        return f"its field {name} has more than {limit:,} {'entries' if name == 'tags' else 'characters'}"
    return f"its field {name} contains characters that are not allowed"
