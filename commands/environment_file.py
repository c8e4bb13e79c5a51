"""Changes settings in an environment file and leaves everything else in it unchanged."""

import io
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dotenv.parser import Binding, parse_stream

_BYTE_ORDER_MARK = "\ufeff"
_PLAIN = re.compile(r"[A-Za-z0-9_.~+/=:@%^-]+")
# As the library reads it: without quotes a comment begins with a space.
_ASSIGNMENT = re.compile(
    r"""(?P<before>\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=\#\s]+)[^\S\r\n]*=[^\S\r\n]*)
    (?:
        (?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")(?=[^\S\r\n]*(?:\#[^\r\n]*)?(?:[\r\n]|$))
        |[^\r\n]*?(?=(?:[^\S\r\n]+\#[^\r\n]*)?[^\S\r\n]*(?:[\r\n]|$))
    )
    (?P<after>.*)""",
    re.VERBOSE | re.DOTALL,
)


class NotThere(ValueError):
    """The setting is missing from the file, or written in a form that cannot be changed."""


def change_lists(path: Path, changes: Mapping[str, Sequence[str]]) -> None:
    """Set settings in the file to these lists, all or none of them; raises `NotThere` or `OSError`."""
    # A link stays one.
    path = path.resolve()
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    bindings = list(parse_stream(io.StringIO(text, newline="")))
    lines = [binding.original.string for binding in bindings]
    for name, values in changes.items():
        place = _place(bindings, name)
        lines[place] = _assigned(lines[place], name, values)
    _replace(path, mark + "".join(lines))


def _place(bindings: Sequence[Binding], name: str) -> int:
    """The position of the setting; if it occurs more than once, the last one counts."""
    places = [place for place, binding in enumerate(bindings) if (binding.key or "").upper() == name.upper()]
    if not places:
        raise NotThere(f"{name.upper()} is not set in it")
    return places[-1]


def _assigned(line: str, name: str, values: Sequence[str]) -> str:
    found = _ASSIGNMENT.fullmatch(line)
    if found is None or "${" in line:
        raise NotThere(f"{name.upper()} is written in a form that cannot be changed; write its value out in full")
    return f"{found['before']}{_written(values)}{found['after']}"


def _written(values: Sequence[str]) -> str:
    """A list as the settings parse it."""
    if all(map(_PLAIN.fullmatch, values)):
        return ",".join(values)
    escaped = json.dumps(values).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _replace(path: Path, text: str) -> None:
    """Replace the file atomically, keeping its owner, and give no one access who did not have it before."""
    owner = path.stat()
    # Always the same name, so that what somebody who was killed has left here, secrets and all, does not stay.
    draft = path.with_name(f"{path.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(owner.st_mode) & 0o660)
            os.fsync(file.fileno())
        mine = draft.stat()
        if (owner.st_uid, owner.st_gid) != (mine.st_uid, mine.st_gid):
            os.chown(draft, owner.st_uid, owner.st_gid)
        draft.replace(path)
        _flush_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _flush_folder(path: Path) -> None:
    """Otherwise a power cut could bring the old file back, without the secret that the database has by then."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        # Some file systems cannot.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
