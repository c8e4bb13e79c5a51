"""What cannot work is said in a sentence on the error stream, before anything has been started."""

import socket
import subprocess
from pathlib import Path

import pytest

from tests.process.processes import SECRETS, free_port, run_serve


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in result.stdout + result.stderr
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
        ({"DATABASE_URL": "mysql://me:pw-aL0@localhost/x"}, "Setting DATABASE_URL: must be an sqlite or a postgresql"),
    ],
)
def test_a_setting_that_cannot_be_used(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    result = run_serve(tmp_path, **(SECRETS | settings))
    assert result.returncode == 2
    assert refusal(result).startswith(sentence)
    assert "aL0" not in result.stdout + result.stderr


def test_each_wrong_setting_gets_its_sentence(tmp_path: Path) -> None:
    result = run_serve(tmp_path, "--port", "70000", **SECRETS, MAIL_PORT="smtp", LOG_LEVEL="LOUD")
    assert result.returncode == 2
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
    assert refusal(result).startswith(f"The server cannot listen on 127.0.0.1, port {port}: ")


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://nobody:secretpw@127.0.0.1:1/x?password=secretpw"
    result = run_serve(tmp_path, "--port", str(free_port()), DATABASE_URL=url)
    assert result.returncode == 3
    assert refusal(result).startswith("The database postgresql+asyncpg://nobody:***@127.0.0.1:1/x cannot be used: ")
    assert "secretpw" not in result.stdout + result.stderr


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run_serve(tmp_path, VAR_DIR="file/var")
    assert result.returncode == 1
    assert refusal(result).startswith("The folder file/var cannot be made: ")
