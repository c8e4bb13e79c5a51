"""The processes that render articles."""

import sys
from pathlib import Path

from tests.process.processes import run


def test_they_load_little(tmp_path: Path) -> None:
    """An author waits for one to start, and starts another whenever one had to be killed."""
    script = "import sys, app.content.rendering; print({'fastapi', 'sqlalchemy'} & set(sys.modules))"

    result = run(sys.executable, "-c", script, cwd=tmp_path)

    assert result.stdout.strip() == "set()", result.stderr
