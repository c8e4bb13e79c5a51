"""A new domain is one folder, one module of routes, one migration and a handful of shared lines.

`tests/architecture/reactions` is that domain, which docs/tour.md explains. It is put into a copy of the repository, in
which its own tests run, and those that find what a domain forgets to declare.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.process.processes import ROOT, environment

EXAMPLE = ROOT / "tests/architecture/reactions"
COPIED = ("alembic.ini", "alembic_migrations", "app", "commands", "docs", "pyproject.toml", "tests", "CHANGELOG.md")
MAX_SHARED_LINES = 5
# What may be needed once more for each new domain.
OWN = ("app/reactions/", "app/api/routes/reactions.py", "alembic_migrations/versions/", "tests/")
RULES = (
    "tests/architecture",
    "tests/api/test_openapi.py",
    "tests/api/test_operation_ids.py",
    "tests/api/test_route_rules.py",
)
# What somebody might forget, by where it stands, and what the tests say to that.
FORGOTTEN = {
    "app/reactions/hooks.py": r"^register_public\(.*",
    "app/api/routes/reactions.py": r"^    \"dependencies\".*?\n|^@public\n",
}
SENTENCES = (
    "No domain says whether public responses show rows of reactions: call register_public or",
    "No domain says what reactions is to an account: call register_owned",
    "limited_by_account",
    "@public",
)


class Copy:
    """The repository with the domain in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "reactions"))
            else:
                shutil.copy(source, folder / name)
        for path in files():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(EXAMPLE / path, target)
        migration = folder / "alembic_migrations/versions/reactions.py"
        migration.write_text(migration.read_text().replace("NEWEST", newest_migration()))
        for line in shared_lines():
            self.add(line["file"], line["after"], line["add"])

    def add(self, file: str, after: str, line: str) -> None:
        path = self.folder / file
        before, found, rest = path.read_text().partition(f"{after}\n")
        assert found, f"{file} has no line {after!r} any more: change shared_lines.toml"
        path.write_text(f"{before}{found}{line}\n{rest}")

    def remove(self, file: str, pattern: str) -> None:
        """Forget something."""
        path = self.folder / file
        changed = re.sub(pattern, "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
        assert changed != path.read_text()
        path.write_text(changed)

    def test(self, *options: str) -> "subprocess.CompletedProcess[str]":
        command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *options)
        settings = environment(PYTHONPATH=str(self.folder), HOME=str(self.folder))
        return subprocess.run(
            command, cwd=self.folder, env=settings, capture_output=True, text=True, timeout=280, check=False
        )


def files() -> list[str]:
    """What the domain brings, as it lies in the repository."""
    found = (path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*") if path.is_file())
    return [path.as_posix() for path in found if "__pycache__" not in path.parts and path.name != "shared_lines.toml"]


def shared_lines() -> list[dict[str, str]]:
    lines: list[dict[str, str]] = tomllib.loads((EXAMPLE / "shared_lines.toml").read_text())["line"]
    return lines


def newest_migration() -> str:
    texts = [path.read_text() for path in (ROOT / "alembic_migrations/versions").glob("*.py")]
    revisions = {re.search(r'^revision\b.*= "(\w+)"', text, re.MULTILINE)[1] for text in texts}  # type: ignore[index]
    former = {found[1] for text in texts if (found := re.search(r'^down_revision\b.*= "(\w+)"', text, re.MULTILINE))}
    (newest,) = revisions - former
    return newest


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("repository"))


def test_it_takes_what_the_tour_promises() -> None:
    lines = shared_lines()

    assert len(lines) <= MAX_SHARED_LINES
    assert all("\n" not in line["add"] for line in lines)
    assert [path for path in files() if not path.startswith(OWN)] == []
    assert len([path for path in files() if path.startswith("alembic_migrations/")]) == 1


def test_the_domain_works_and_declares_all_it_has_to(copy: Copy) -> None:
    result = copy.test("tests/reactions", "tests/migrations/test_migrations.py", *RULES)

    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert " passed" in result.stdout


def test_whoever_forgets_declarations_is_told_what_to_write(copy: Copy) -> None:
    for file, pattern in FORGOTTEN.items():
        copy.remove(file, pattern)

    result = copy.test(
        "tests/architecture/test_declarations.py", "tests/api/test_route_rules.py", "-k", "not postgresql"
    )

    assert result.returncode == 1, result.stdout[-3000:] + result.stderr[-2000:]
    assert [sentence for sentence in SENTENCES if sentence not in result.stdout] == [], result.stdout
