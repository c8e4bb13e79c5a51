"""Commands on terminals, pipes and files in other encodings than UTF-8."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.processes import ROOT, SECRETS, environment

EMAIL, PASSWORD = "anna@bücher.de", "pässword otters eleven"
ENCODINGS: dict[str, dict[str, str]] = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "posix": {"LC_ALL": "POSIX", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def command(folder: Path, line: str, stdin: bytes = b"", /, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    settings = {"DATABASE_URL": "sqlite:///b.db", "VAR_DIR": ".", "SITE_NAME": "Bücher", **SECRETS, **variables}
    return subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m commands.{line}"],
        cwd=folder,
        env=environment(**settings),
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blog")
    assert command(folder, "migrate").returncode == 0
    made = command(
        folder,
        f"create_superuser --email {EMAIL} --username anna --password-stdin",
        f"{PASSWORD}\n".encode(),
        **ENCODINGS["posix"],
    )
    assert made.returncode == 0, made.stderr
    (folder / "posts").mkdir()
    post = "---\ntitle: 日本\nauthor: Жанна\ntags: [世界]\ndate: 2020-01-01\n---\nHello\n"
    (folder / "posts" / "ü.md").write_text(post, encoding="utf-8")
    return folder


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("users list", 0),
        ("users show ünal", 1),
        ("import_markdown posts", 0),
        ("db backup sicherung-ä-{encoding}.db", 0),
    ],
)
def test_no_command_dies_of_the_encoding(blog: Path, encoding: str, line: str, code: int) -> None:
    done = command(blog, line.format(encoding=encoding), **ENCODINGS[encoding])

    assert (done.returncode, b"Traceback" in done.stderr) == (code, False), done.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("users list | head -c 1", 0),
        ("users list >&-", 0),
        ("users list 2>&-", 0),
        ("users list <&-", 0),
        ("users list > /dev/full", 1),
        ("users show $(printf 'x\\344')", 1),
        ("create_superuser --email a@example.com --username other --password-stdin", 1),
    ],
)
def test_no_command_dies_of_its_streams(blog: Path, line: str, code: int) -> None:
    done = command(blog, line, "pässword otters\n".encode("latin-1"), PYTHONUTF8="1")

    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_every_command_starts_the_same_way() -> None:
    started = [path for path in (ROOT / "commands").rglob("*.py") if "cli = typer.Typer(" in path.read_text("utf-8")]

    assert len(started) > 5
    for path in started:
        main = path.with_name("__main__.py") if path.name == "__init__.py" else path
        assert "start(cli)" in main.read_text("utf-8"), path
