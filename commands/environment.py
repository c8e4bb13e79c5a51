"""Writes `.env` for a fresh checkout; standard library only."""

import os
import re
import secrets
import tempfile
from pathlib import Path

_EXAMPLE_SECRET = re.compile(r"(?<==)change-me.*$", re.MULTILINE)


def write_environment_file(example: Path, target: Path) -> bool:
    """Copy `example` to `target` with generated secrets. If `target` exists, leave it unchanged and return `False`."""
    if target.exists():
        return False
    text = _EXAMPLE_SECRET.sub(lambda _: secrets.token_urlsafe(48), example.read_text(encoding="utf-8"))
    # Readable by the owner only, and complete before it has its name; a link, unlike a rename, replaces nothing.
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        target.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True
