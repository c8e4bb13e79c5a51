"""Paths are spelt where routes are, and nowhere else."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.test_rules import sources

# What begins like a path of this server, or matches one.
_PATH = re.compile(r"^[\^(]*/[a-z{(\[\\]")
ROUTES = "app/api/routes/"


def paths_in(source: str) -> Iterator[str]:
    """The strings that look like a path, documentation aside."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _PATH.match(node.value):
            yield node.value


def test_only_routes_spell_paths() -> None:
    web = [(path, source) for path, source in sources() if path.startswith("app/api/") or path == "app/main.py"]
    spelling = {path for path, source in web if list(paths_in(source))}

    assert len(web) > 30
    assert f"{ROUTES}articles.py" in spelling
    assert sorted(path for path in spelling if not path.startswith(ROUTES)) == []


@pytest.mark.parametrize(
    "source",
    [
        'PATHS = {"/health/live"}',
        'prefix = "/api/v1"',
        'path.endswith("/comments")',
        'f"/api/{version}/x"',
        'ARTICLES = re.compile(r"/api/v1/articles(/[^/]+)?")',
        'ARTICLES = re.compile(r"^/[a-z]+")',
    ],
)
def test_a_path_is_found_however_it_is_spelt(source: str) -> None:
    assert list(paths_in(source))
