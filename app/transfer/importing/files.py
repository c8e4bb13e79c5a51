"""Finding the files to import, and what each is known by."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.transfer.importing.front_matter import BadPost, NotAPost
from app.transfer.importing.own_exports import is_own

SUFFIXES = (".md", ".markdown", ".mkd", ".mdown")
SOURCE_MAX_LENGTH = 500
# The longest body there can be, in the longest encoding, and its front matter.
_MAX_BYTES = 3 * 1024 * 1024
# A file is known by its path from two folders above those that were imported: enough to tell the `_posts` of two
# blogs apart, and still the same when the blog moves to another machine.
_FOLDERS_ABOVE = 2
# What others wrote: packages, and the posts with which themes show what they can do.
_FOREIGN = {"node_modules", "exampleSite"}


@dataclass(frozen=True)
class SourceFile:
    """A file to import: its resolved path, and how many of its last parts lie below the path that was given."""

    path: Path
    depth: int = 1

    @property
    def display_path(self) -> str:
        """The path relative to the one that was given, safe to print."""
        name = "/".join(self.path.parts[-self.depth :])
        return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)

    @property
    def sources(self) -> list[str]:
        """What the file may be known by: suffixes of its path, the preferred one first, then longer ones."""
        parts = self.path.parts[1:]
        ends = ["/".join(parts[-length:]) for length in range(1, len(parts) + 1)]
        return [end for end in ends[self.depth + _FOLDERS_ABOVE - 1 :] if len(end) <= SOURCE_MAX_LENGTH] or ends[-1:]

    @property
    def known_as(self) -> list[str]:
        """All suffixes of its path, longest first: it is the same file whatever folder above it was imported."""
        parts = self.path.parts[1:]
        return ["/".join(parts[start:]) for start in range(len(parts))]

    def read(self) -> str:
        """Its text, with every line ended by a line feed unless it is our own. Raises `NotAPost` or `BadPost`."""
        if self.path.is_dir():
            raise BadPost("it is a folder that cannot be read")
        if self.path.suffix.lower() not in SUFFIXES:
            raise NotAPost(f"it is not a Markdown file ({', '.join(SUFFIXES)})")
        try:
            return self._text()
        except UnicodeError as error:
            raise BadPost("it is not encoded in UTF-8") from error
        except OSError as error:
            raise BadPost(f"it cannot be read: {error.strerror}") from error

    def _text(self) -> str:
        str(self.path).encode()
        # Opening anything else, such as a named pipe, could wait for ever.
        if not self.path.is_file():
            raise BadPost("it is not a file")
        if self.path.stat().st_size > _MAX_BYTES:
            raise BadPost(f"it is larger than {_MAX_BYTES:,} bytes")
        text = self.path.read_bytes().decode("utf-8-sig")
        if "\0" in text:
            raise BadPost("it contains a NUL character")
        return text if is_own(text) else text.replace("\r\n", "\n").replace("\r", "\n")


def files_in(paths: Iterable[Path]) -> list[SourceFile]:
    """The files among these paths, and all in the folders among them that are neither hidden nor foreign, each once."""
    found: dict[Path, SourceFile] = {}
    for path in paths:
        for file in _walk(path.resolve()) if path.is_dir() else [SourceFile(path.parent.resolve() / path.name)]:
            found.setdefault(file.path, file)
    return list(found.values())


def _walk(root: Path) -> Iterator[SourceFile]:
    unreadable: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _FOREIGN)
        depth = len(Path(folder).parts) - len(root.parts) + 1
        yield from (SourceFile(Path(folder, name), depth) for name in sorted(names) if not name.startswith("."))
    for error in unreadable:
        yield SourceFile(Path(error.filename), max(1, len(Path(error.filename).parts) - len(root.parts)))
