"""Whether a SQLite database's write-ahead log has transactions that cannot be read.

SQLite uses the log up to the first frame that is damaged, and says nothing: whatever was committed after it is lost,
and what is left is in order. The log itself still shows that, until somebody writes to the database again.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.ops.maintenance.findings import Finding

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682
_BIG_ENDIAN = 1
_WORD = 0xFFFFFFFF
_TRIES = 3
# Usually it has four megabytes, which takes a fifth of a second. This much takes three.
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class _Frame:
    head: bytes
    page: bytes
    is_commit: bool
    salts: tuple[int, int]
    checksum: tuple[int, int]


def unreadable_transactions(database: Path) -> Iterator[Finding]:
    """What was committed and is lost, as far as the log shows it. Look before anybody opens the database."""
    lost = _lost_commits(database)
    if lost == 1:
        problem = "the last transaction in the write-ahead log is incomplete: of a power cut, perhaps, or it is lost"
        yield Finding(kind="note", check="integrity", problem=problem)
    elif lost:
        problem = f"the write-ahead log is damaged: {lost} transactions in it cannot be read and are lost"
        yield Finding(check="integrity", problem=problem)


def _lost_commits(database: Path) -> int:
    try:
        with database.with_name(f"{database.name}-wal").open("rb") as log, database.open("rb") as file:
            page_size = _page_size(file.read(100))
            for _ in range(_TRIES):
                header = _header(log)
                lost = _lost_after(log, header, page_size)
                # Otherwise somebody has begun it anew meanwhile.
                if header == _header(log):
                    return lost
    except OSError:
        # Whoever opens the database says what is wrong with it.
        pass
    return 0


def _header(log: BinaryIO) -> bytes:
    log.seek(0)
    return log.read(_HEADER.size)


def _page_size(header: bytes) -> int:
    size = int.from_bytes(header[16:18], "big")
    return 65536 if size == 1 else size


def _lost_after(log: BinaryIO, header: bytes, page_size: int) -> int:
    if len(header) < _HEADER.size or not page_size:
        return 0
    magic, _, _, _, *salts, one, two = _HEADER.unpack(header)
    order = ">" if magic & _BIG_ENDIAN else "<"
    checksum = _checksum(header[:-8], order, (0, 0))
    is_valid = magic & ~_BIG_ENDIAN == _MAGIC and checksum == (one, two)
    lost, current = 0, (salts[0], salts[1]) if is_valid else None
    for frame in _frames(log, page_size):
        current = current or frame.salts
        if is_valid:
            checksum = _checksum(frame.head + frame.page, order, checksum)
            is_valid = frame.salts == current and frame.checksum == checksum
        # Frames with other salts are of an earlier round, which is in the database by now.
        if not is_valid and frame.is_commit and frame.salts == current:
            lost += 1
    return lost


def _frames(log: BinaryIO, page_size: int) -> Iterator[_Frame]:
    """Those that are there by now. Somebody may be writing others."""
    size = min(os.fstat(log.fileno()).st_size - _HEADER.size, _MAX_BYTES)
    number = size // (_FRAME.size + page_size)
    for _ in range(number):
        _, size_after_commit, *numbers = _FRAME.unpack(head := log.read(_FRAME.size))
        salts, checksum = (numbers[0], numbers[1]), (numbers[2], numbers[3])
        yield _Frame(head[:8], log.read(page_size), size_after_commit > 0, salts, checksum)


def _checksum(data: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    """SQLite's own, continued from that of what comes before."""
    one, two = start
    for first, second in struct.iter_unpack(f"{order}2I", data):
        one = (one + first + two) & _WORD
        two = (two + second + one) & _WORD
    return one, two
