"""A zip file written piece by piece. Everything here may block: call it in a thread."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

# What is larger goes to the disk.
_MEMORY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Export:
    """A complete zip file. The receiver closes it."""

    name: str
    size: int
    file: IO[bytes]


class Archive:
    def __init__(self) -> None:
        self._file: IO[bytes] = SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 - closed with the archive
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED)
        self._list: IO[bytes] | None = None
        self._is_first = True

    def add(self, files: Mapping[str, str]) -> None:
        """Add texts under these names, which must be safe to write to disk."""
        for name, text in files.items():
            self._zip.writestr(name, text)

    def add_json(self, name: str, value: Any) -> None:
        self.add({name: _json(value) + "\n"})

    def begin_list(self, name: str) -> None:
        """Begin a JSON file that `extend_list` fills, however long it gets."""
        # What it will hold is not known yet: it may be more than a plain zip has room for.
        self._list = self._zip.open(name, "w", force_zip64=True)
        self._list.write(b"[")
        self._is_first = True

    def extend_list(self, items: Iterable[Any]) -> None:
        for item in items:
            self._write(f"{'' if self._is_first else ','}\n{_json(item)}")
            self._is_first = False

    def end_list(self) -> None:
        self._write("\n]\n")
        if self._list is not None:
            self._list.close()

    def _write(self, text: str) -> None:
        if self._list is not None:
            self._list.write(text.encode())

    def finish(self, name: str) -> Export:
        self._zip.close()
        size = self._file.tell()
        self._file.seek(0)
        return Export(name, size, self._file)

    def discard(self) -> None:
        """Close it, whatever its state."""
        with self._file, suppress(OSError, ValueError), self._zip:
            if self._list is not None:
                self._list.close()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
