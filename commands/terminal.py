"""Starts a command on whatever terminal, pipe or file it is given, in whatever encoding."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path

import typer

from commands.runtime import REFUSED

_ASCII = {"ascii", "us-ascii", "ansi_x3.4-1968", "646"}


def start(cli: typer.Typer) -> None:
    """Run a command with the arguments of this process, and exit."""
    _require_more_than_ascii()
    prepare_streams()
    try:
        cli()
    except UnicodeError:
        # Of the terminal, where passwords are typed, or of an argument.
        typer.echo("What was typed is not valid in the terminal's encoding. Set LANG, or PYTHONUTF8=1.", err=True)
        sys.exit(REFUSED)
    except OSError as error:
        # Nobody reads on, as behind a pipe, is no news and has been dealt with; a full disk is.
        typer.echo(f"The output cannot be written: {error.strerror}.", err=True)
        _drop_what_is_not_written()
        sys.exit(REFUSED)


def _drop_what_is_not_written() -> None:
    """Python would try again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def prepare_streams() -> None:
    """What an encoding lacks is written as an escape sequence, and what it cannot read is refused where it is used."""
    for name, errors in (("stdout", "backslashreplace"), ("stderr", "backslashreplace"), ("stdin", "surrogateescape")):
        stream = getattr(sys, name)
        if stream is None:
            # It was closed before.
            nothing = Path(os.devnull).open("r" if name == "stdin" else "w", encoding="utf-8")  # noqa: SIM115 - to the end
            setattr(sys, name, nothing)
        elif isinstance(stream, TextIOWrapper):
            # What is typed or piped is hardly ever ASCII alone, whatever the encoding claims.
            is_ascii_input = name == "stdin" and stream.encoding.lower() in _ASCII
            stream.reconfigure(encoding="utf-8" if is_ascii_input else None, errors=errors)


def _require_more_than_ascii() -> None:
    """Where the system's encoding is ASCII, start anew in UTF-8: arguments, settings and names of files may be more."""
    if sys.getfilesystemencoding().lower() in _ASCII and not sys.flags.utf8_mode:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - this very command
