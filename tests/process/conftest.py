"""A copy of the checkout's scripts, to be set up without touching the real one."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.process.processes import ROOT


def write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As after `git clone`: nothing is set up, no `.env` is there."""
    folder = tmp_path / "checkout"
    (folder / "scripts").mkdir(parents=True)
    for name in ("start.sh", "scripts/setup.sh", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def ready_checkout(checkout: Path) -> Path:
    """As after a set-up, with the interpreter that runs the tests for its `.venv`."""
    write_script(checkout / ".venv/bin/python", f'exec "{sys.executable}" "$@"')
    contents = (checkout / "pyproject.toml").read_bytes() + (checkout / "uv.lock").read_bytes()
    fingerprint = subprocess.run(["cksum"], input=contents, capture_output=True, check=True).stdout.decode()
    (checkout / ".venv/.setup-stamp").write_text(f"dev {fingerprint}", encoding="utf-8")
    return checkout


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str, str], Path]:
    """Put a program of this name and text into a folder that is meant to lead PATH."""

    def make(name: str, text: str) -> Path:
        write_script(tmp_path / "bin" / name, text)
        return tmp_path / "bin"

    return make
