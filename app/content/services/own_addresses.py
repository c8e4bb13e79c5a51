"""The addresses of what the blog shows: pages of the site, and resources of the API."""

import re
from dataclasses import dataclass, replace

from app.content.schemas.redirects import AddressKind
from app.core.site_paths import API_PREFIX, normal_target

_SEGMENT = r"(?P<slug>[^/]+?)"
_PATTERNS: tuple[tuple[AddressKind, re.Pattern[str]], ...] = (
    ("tag", re.compile(rf"(?P<before>/tag/){_SEGMENT}(?P<after>)")),
    ("category", re.compile(rf"(?P<before>/category/)(?:[^/]+/)*{_SEGMENT}(?P<after>)")),
    ("author", re.compile(rf"(?P<before>/author/){_SEGMENT}(?P<after>)")),
    ("article", re.compile(rf"(?P<before>{API_PREFIX}/articles/){_SEGMENT}(?P<after>)")),
    ("tag", re.compile(rf"(?P<before>{API_PREFIX}/tags/){_SEGMENT}(?P<after>)")),
    ("category", re.compile(rf"(?P<before>{API_PREFIX}/categories/){_SEGMENT}(?P<after>)")),
    ("author", re.compile(rf"(?P<before>{API_PREFIX}/authors/){_SEGMENT}(?P<after>)")),
    # Also as Markdown.
    ("article", re.compile(rf"(?P<before>/){_SEGMENT}(?P<after>(?:\.md)?)")),
)


@dataclass(frozen=True)
class Address:
    """The address of an article, tag, category or author, whether there is one or not."""

    kind: AddressKind
    slug: str
    before: str
    after: str

    @property
    def path(self) -> str:
        return f"{self.before}{self.slug}{self.after}"

    @property
    def is_nested(self) -> bool:
        """Whether it names the categories above as well."""
        return self.kind == "category" and not self.before.startswith(API_PREFIX)

    def with_slug(self, slug: str) -> "Address":
        return replace(self, slug=slug)


def address_at(path: str) -> Address | None:
    """What this path is the address of, if it looks like one; of nested categories the innermost."""
    for kind, pattern in _PATTERNS:
        if found := pattern.fullmatch(path):
            return Address(kind, found["slug"], found["before"], found["after"])
    return None


def path_on_site(target: str, site: str) -> str:
    """The target; if it is a URL of this site, the path there."""
    rest = target.removeprefix(site)
    if rest == target or not (rest == "" or rest[0] in "/?#"):
        return target
    try:
        return normal_target(rest if rest.startswith("/") else f"/{rest}")
    except ValueError:
        # Two slashes, say: it is left as it is.
        return target
