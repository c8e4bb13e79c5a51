"""Posts that an import has read."""

from datetime import UTC, datetime
from pathlib import PurePath

from app.transfer.importing.fields import Author
from app.transfer.importing.posts import Post, read_post

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def post(
    header: str,
    *,
    name: str = "2020-02-29-the-name.md",
    body: str = "Text\n",
    now: datetime = NOW,
    language: str = "en",
) -> Post:
    """The post with this front matter, TOML if it looks like it."""
    delimiter = "+++" if " = " in header else "---"
    text = f"{delimiter}\n{header}\n{delimiter}\n{body}"
    return read_post(PurePath("/blog", name), text, now=now, author=Author("Somebody"), language=language)
