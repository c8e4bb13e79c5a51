"""Files that are either complete or absent."""

import errno
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.ops.maintenance.schema import MaintenanceRefused

_PART = ".part"
# File systems of USB sticks and network drives may have no hard links, and cannot flush folders.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
_NO_FLUSHING = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}


@contextmanager
def atomic_write(target: Path, *, replace: bool) -> Iterator[Path]:
    """A file beside `target`, readable by its owner only, that is renamed to `target` at the end of the block.

    Raises `MaintenanceRefused` if it cannot be written, or exists already and must not be replaced.
    """
    if target.exists() and not replace:
        raise MaintenanceRefused(f"{target} already exists. Use --force to replace it.")
    with temporary_beside(target) as part:
        yield part
        try:
            _put_in_place(part, target, replace=replace)
        except FileExistsError:
            raise MaintenanceRefused(f"{target} already exists. Use --force to replace it.") from None
        except OSError as error:
            raise MaintenanceRefused(f"{target} cannot be written: {error.strerror}.") from error


def _put_in_place(part: Path, target: Path, *, replace: bool) -> None:
    flush(part)
    if replace:
        part.replace(target)
    elif not _linked(part, target):
        target.touch(exist_ok=False)
        part.replace(target)
    flush_folder(target.parent)


def keep(path: Path, name: Path) -> None:
    """Give a file another name as well, which must be free; where there are no links, copy it."""
    if not _linked(path, name):
        with atomic_write(name, replace=False) as part:
            shutil.copyfile(path, part)


def _linked(path: Path, name: Path) -> bool:
    """Whether the file has another name now. Unlike a rename, this replaces nothing, not even what appears just now."""
    try:
        name.hardlink_to(path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return False
    return True


@contextmanager
def temporary_beside(target: Path) -> Iterator[Path]:
    """An empty file in the same folder, readable by its owner only, which is deleted afterwards unless it was renamed.

    It has a folder of its own, with whatever is written beside it, which is locked for as long as the block runs. What
    others who were killed have left of the same target is removed. Raises `MaintenanceRefused` if it cannot be created.
    """
    try:
        remove_abandoned(target.parent, glob.escape(target.name))
        folder = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=_PART, dir=target.parent))
    except OSError as error:
        raise MaintenanceRefused(f"{target} cannot be written: {error.strerror}.") from error
    try:
        with _locked(folder):
            part = folder / target.name
            part.touch(mode=0o600)
            yield part
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(folder: Path, names: str) -> None:
    """Remove what others who were killed have left of targets with these names, a pattern, in a folder."""
    for part in folder.glob(f"{names}.????????{_PART}"):
        with _locked(part) as is_mine:
            if is_mine:
                shutil.rmtree(part, ignore_errors=True)


def flush(path: Path) -> None:
    """Flush to disk, to survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(path: Path) -> None:
    """Flush the names in a folder, where that is possible."""
    try:
        flush(path)
    except OSError as error:
        if error.errno not in _NO_FLUSHING:
            raise


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Lock a folder; yields whether that was possible: somebody else may have it, or the file system may know none."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
