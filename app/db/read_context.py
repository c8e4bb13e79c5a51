"""What services read the blog through."""

from dataclasses import dataclass, field

from app.cache.keys import SurrogateKeys
from app.db.compiled_selects import Rows


@dataclass(frozen=True)
class ReadContext:
    """The source of rows, and the surrogate keys of what anonymous readers are shown."""

    rows: Rows
    surrogate_keys: SurrogateKeys = field(default_factory=SurrogateKeys)
