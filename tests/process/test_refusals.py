"""What cannot work is said in a sentence on the error stream, before anything has been started."""

import os
import socket
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner, Result

from commands.serve import cli
from tests.process.processes import SECRETS, environment, free_port, run_serve


def serve(cwd: Path, *options: str, **settings: str) -> Result:
    """Run the command in this process, which it leaves before it starts anything."""
    variables = environment(**settings)
    others: dict[str, str | None] = {name: None for name in os.environ if name not in variables}
    # The command tells its workers what it was told, by way of the environment.
    with chdir(cwd), patch.dict(os.environ):
        return CliRunner().invoke(cli, options, env={**others, **variables})


def refusal(result: Result) -> str:
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.endswith(".\n")
    return result.stderr


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"ACCESS_SECRET_KEY": "too-short-aL0"}, "Setting ACCESS_SECRET_KEY: must be at least 32 bytes long."),
        (
            {"ENVIRONMENT": "production", "VERIFICATION_SECRET_KEY": "change-me-" + "aL0" * 10},
            "Settings: VERIFICATION_SECRET_KEY still has its example value.",
        ),
        ({"DATABASE_URL": "mysql://me:pw-aL0@localhost/x"}, "Setting DATABASE_URL: must be an SQLite or PostgreSQL"),
    ],
)
def test_a_setting_that_cannot_be_used(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    result = serve(tmp_path, **(SECRETS | settings))
    assert result.exit_code == 2
    assert refusal(result).startswith(sentence)
    assert "aL0" not in result.stdout + result.stderr


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_that_would_be_lost_with_the_server(tmp_path: Path, url: str) -> None:
    result = serve(tmp_path, **SECRETS, DATABASE_URL=url)
    assert result.exit_code == 1
    assert refusal(result).startswith("DATABASE_URL: a database in memory would be lost")


def test_a_database_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = serve(tmp_path, **SECRETS, DATABASE_URL=f"sqlite:///{tmp_path}/file/blog.db")
    assert result.exit_code == 1
    assert refusal(result).startswith(f"The folder {tmp_path}/file cannot be created")


def test_each_wrong_setting_gets_its_sentence(tmp_path: Path) -> None:
    result = serve(tmp_path, "--port", "70000", **SECRETS, MAIL_PORT="smtp", LOG_LEVEL="LOUD")
    assert result.exit_code == 2
    assert [line.split(":")[0] for line in refusal(result).splitlines()] == [
        "Setting PORT",
        "Setting LOG_LEVEL",
        "Setting MAIL_PORT",
    ]


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run_serve(tmp_path, "--port", str(port))
    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert result.stderr.endswith(".\n")
    assert result.stderr.startswith(f"The server cannot listen on 127.0.0.1, port {port}: ")


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://nobody:secretpw@127.0.0.1:1/x?password=secretpw"
    result = serve(tmp_path, "--port", str(free_port()), DATABASE_URL=url)
    assert result.exit_code == 3
    assert refusal(result).startswith("The database postgresql+asyncpg://nobody:***@127.0.0.1:1/x cannot be used: ")
    assert "secretpw" not in result.stdout + result.stderr


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = serve(tmp_path, VAR_DIR="file/var")
    assert result.exit_code == 1
    assert refusal(result).startswith("The folder file/var cannot be created: ")


def test_production_does_not_reload(tmp_path: Path) -> None:
    result = serve(tmp_path, "--reload", ENVIRONMENT="production")

    assert result.exit_code == 2
    assert refusal(result) == "--reload is only allowed in development.\n"
