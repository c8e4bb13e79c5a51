"""What the services read the blog through."""

from dataclasses import dataclass, field

from app.cache.keys import Shown
from app.db.reader import Rows


@dataclass(frozen=True)
class View:
    """Where the blog is read from, and the keys of what strangers are shown of it."""

    rows: Rows
    shown: Shown = field(default_factory=Shown)
