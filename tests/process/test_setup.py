"""Setting up a checkout; stand-ins take the place of Python and uv, so nothing is fetched."""

from collections.abc import Callable
from pathlib import Path

from tests.process.processes import environment, run

StandIn = Callable[[str, str], Path]

# Does what `uv sync` does as far as the set-up can tell, and notes how it was called.
FAKE_UV = """
[[ $1 == --version ]] && exit
echo "$@" >>uv-calls
mkdir -p .venv/bin
ln -sf "$(type -P true)" .venv/bin/python
"""


def path_led_by(folder: Path) -> str:
    return f"{folder}:{environment()['PATH']}"


def test_help_needs_no_set_up(checkout: Path) -> None:
    before = sorted(checkout.rglob("*"))
    result = run(checkout / "start.sh", "--port", "1", "--help", cwd=Path("/"))
    assert result.returncode == 0
    assert result.stdout.startswith("Usage: ./start.sh")
    assert sorted(checkout.rglob("*")) == before


def test_python_too_old(checkout: Path, stand_in: StandIn) -> None:
    for name in ("python", "python3", *(f"python3.{minor}" for minor in range(11, 20))):
        folder = stand_in(name, "echo 3.9")
    result = run(checkout / "start.sh", cwd=checkout, PATH=path_led_by(folder))
    assert result.returncode == 1
    assert result.stderr.startswith("Python 3.11 or newer is required")
    assert result.stderr.count("\n") == 1
    assert not (checkout / ".venv").exists()


def test_what_is_installed_is_not_installed_again(checkout: Path, stand_in: StandIn) -> None:
    path = path_led_by(stand_in("uv", FAKE_UV))
    for groups in ("runtime", "runtime", "dev", "dev", "runtime"):
        assert run("scripts/setup.sh", groups, cwd=checkout, PATH=path).returncode == 0
    first, second = (checkout / "uv-calls").read_text().splitlines()
    assert first.startswith("sync --project .tools/project --quiet --python /")
    assert first.endswith("--no-dev --inexact")
    assert second == "sync --project .tools/project --quiet"


def test_changed_dependencies_are_installed(checkout: Path, stand_in: StandIn) -> None:
    path = path_led_by(stand_in("uv", FAKE_UV))
    for name in ("pyproject.toml", "uv.lock"):
        run("scripts/setup.sh", "dev", cwd=checkout, PATH=path)
        with (checkout / name).open("a") as file:
            file.write("# changed\n")
    run("scripts/setup.sh", "dev", cwd=checkout, PATH=path)
    assert len((checkout / "uv-calls").read_text().splitlines()) == 3


def test_without_a_connection_it_says_so_and_the_next_try_works(checkout: Path, stand_in: StandIn) -> None:
    path = path_led_by(stand_in("uv", "[[ $1 == --version ]] || { echo 'error: unreachable' >&2; exit 2; }"))
    result = run("scripts/setup.sh", "runtime", cwd=checkout, PATH=path)
    assert result.returncode == 1
    assert result.stderr.startswith("The dependencies could not be installed. This requires a connection")
    assert result.stderr.count("\n") == 1
    assert "unreachable" in (checkout / ".tools/setup.log").read_text()

    stand_in("uv", FAKE_UV)
    assert run("scripts/setup.sh", "runtime", cwd=checkout, PATH=path).returncode == 0


def test_what_a_killed_set_up_left_is_made_anew(checkout: Path, stand_in: StandIn) -> None:
    path = path_led_by(stand_in("uv", FAKE_UV + "touch .venv/half-a-package; kill -KILL $$"))
    assert run("scripts/setup.sh", "dev", cwd=checkout, PATH=path).returncode == 1
    assert (checkout / ".venv/half-a-package").exists()

    stand_in("uv", FAKE_UV)
    assert run("scripts/setup.sh", "dev", cwd=checkout, PATH=path).returncode == 0
    assert not (checkout / ".venv/half-a-package").exists()
