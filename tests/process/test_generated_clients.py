"""Clients that common generators make of the OpenAPI document work against a server.

The generators are no dependencies of the project: they are installed for the test, from the package registries.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.processes import serving

HERE = Path(__file__).with_name("generated_clients")
CONFIG = str(HERE / "openapi-python-client.yml")
PYTHON_PACKAGES = ["openapi-python-client==0.29.1", "httpx==0.28.1", "attrs==26.1.0"]
NODE_PACKAGES = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@20.19.25"]
PYTHON_OPTIONS = ["--meta", "none", "--output-path", "blog_client", "--fail-on-warning", "--config", CONFIG]
MYPY_OPTIONS = ["--strict", "--follow-imports=silent", "--python-executable"]
IMPORT_ALL = """
import blog_client, importlib, pkgutil
for module in pkgutil.walk_packages(blog_client.__path__, "blog_client."):
    importlib.import_module(module.name)
"""
# Otherwise fields that have a default would have to be sent.
TYPESCRIPT_OPTIONS = ["--default-non-nullable=false"]
COMPILER_OPTIONS = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "--skipLibCheck"]
# What tools say who do not reach their registry.
OFFLINE = ("name resolution", "establish a new connection", "timed out", "enotfound", "eai_again", "econnrefused",
           "etimedout", "network is unreachable", "connection refused")  # fmt: skip

pytestmark = [pytest.mark.long, pytest.mark.one_database]


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )


def succeed(done: subprocess.CompletedProcess[str], what: str) -> None:
    assert done.returncode == 0, f"{what}:\n{done.stdout}{done.stderr}"


def install(folder: Path, *command: str | Path) -> None:
    """Skip the test where the packages are out of reach; fail where there are no such packages."""
    try:
        done = run(folder, *command)
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry has not answered within two minutes")
    said = f"{done.stdout}{done.stderr}"
    if done.returncode and any(sign in said.lower() for sign in OFFLINE):
        pytest.skip(f"the package registry is out of reach:\n{said}")
    succeed(done, "the generator could not be installed")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path, VAR_DIR=str(tmp_path / "var"), DEFAULT_ROLE="author", LOG_LEVEL="WARNING") as (_, site):
        yield site


def test_a_python_client_registers_writes_and_reads(site: str, tmp_path: Path) -> None:
    succeed(run(tmp_path, sys.executable, "-m", "venv", "venv"), "no virtual environment could be made")
    tools = tmp_path / "venv/bin"
    install(tmp_path, tools / "python", "-m", "pip", "install", "--retries=1", *PYTHON_PACKAGES)
    generator = tools / "openapi-python-client"
    generated = run(tmp_path, generator, "generate", "--url", f"{site}/openapi.json", *PYTHON_OPTIONS)
    succeed(generated, "no Python client could be generated from the document")
    succeed(run(tmp_path, tools / "python", "-c", IMPORT_ALL), "a module of the Python client cannot be imported")
    shutil.copy(HERE / "journey.py", tmp_path)
    checked = run(tmp_path, sys.executable, "-m", "mypy", *MYPY_OPTIONS, tools / "python", "journey.py")
    succeed(checked, "the types of the Python client are not what the journey takes them for")
    succeed(run(tmp_path, tools / "python", "journey.py", site, tmp_path / "var/mail"), "the Python client failed")


def test_a_typescript_client_registers_writes_and_reads(site: str, tmp_path: Path) -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm, which run the TypeScript client, are not installed")
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}', encoding="utf-8")
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    install(tmp_path, "npm", "install", *quiet, *NODE_PACKAGES)
    tools = tmp_path / "node_modules/.bin"

    generated = run(
        tmp_path, tools / "openapi-typescript", f"{site}/openapi.json", "-o", "api.d.ts", *TYPESCRIPT_OPTIONS
    )
    succeed(generated, "no TypeScript client could be generated from the document")
    shutil.copy(HERE / "journey.ts", tmp_path)
    compiled = run(tmp_path, tools / "tsc", *COMPILER_OPTIONS, "--noEmitOnError", "journey.ts")
    succeed(compiled, "the types of the TypeScript client are not what the journey takes them for")
    succeed(run(tmp_path, "node", "journey.js", site, tmp_path / "var/mail"), "the TypeScript client failed")
