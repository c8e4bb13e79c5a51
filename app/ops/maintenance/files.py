"""Files that are either complete or absent."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.ops.maintenance.schema import MaintenanceRefused


@contextmanager
def atomic_write(target: Path, *, replace: bool) -> Iterator[Path]:
    """A file beside `target`, readable by its owner only, that is renamed to `target` at the end of the block.

    Raises `MaintenanceRefused` if it cannot be written, or exists already and must not be replaced.
    """
    if target.exists() and not replace:
        raise MaintenanceRefused(f"{target} already exists. Use --force to replace it.")
    try:
        with temporary_beside(target) as draft:
            yield draft
            flush(draft)
            if replace:
                draft.replace(target)
            else:
                # Unlike a rename, it replaces nothing, not even what has appeared just now.
                target.hardlink_to(draft)
            flush(target.parent)
    except FileExistsError:
        raise MaintenanceRefused(f"{target} already exists. Use --force to replace it.") from None


@contextmanager
def temporary_beside(target: Path) -> Iterator[Path]:
    """An empty file in the same folder, readable by its owner only, which is deleted afterwards unless it was renamed.

    Raises `MaintenanceRefused` if none can be created.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise MaintenanceRefused(f"{target} cannot be written: {error.strerror}.") from error
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Flush to disk, to survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
