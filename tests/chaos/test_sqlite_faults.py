"""What can happen to SQLite: its processes die in the middle of a write, or the disk is full."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos.blogs import BlogDatabase, sqlite_copy
from tests.chaos.node import Starter
from tests.chaos.scenario import scenario
from tests.chaos.verification import require_intact

pytestmark = pytest.mark.chaos
DISK_BYTES = 8 * 1024 * 1024


async def test_all_processes_killed_while_writing(sqlite_database: BlogDatabase, start: Starter) -> None:
    assert sqlite_database.path is not None
    node = await start(sqlite_database.url, workers=2)

    async with scenario("kill -9 of all processes, started again", sqlite_database, node) as running:
        running.begins()
        node.kill()
        require_intact(sqlite_database.path)
        await node.start()
        running.is_over()
        await running.recovers(within=2)
    figures = await running.judge()

    require_intact(sqlite_database.path)
    assert figures.unavailable == 0
    assert figures.unanswered > 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that is soon full."""
    mount = shutil.which("mount")
    if os.geteuid() or mount is None:
        pytest.skip("only root may mount")
    folder = tmp_path / "small"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs"]
    if subprocess.run([mount, *options, str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill_up(disk: Path) -> Path:
    """Leave no room at all; removing the file makes it again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


async def test_the_disk_is_full(sqlite_template: Path, small_disk: Path, start: Starter) -> None:
    database = sqlite_copy(sqlite_template, small_disk / "database")
    assert database.path is not None
    node = await start(database.url)

    async with scenario("Disk full for 1.5 s", database, node) as running:
        running.begins()
        ballast = fill_up(small_disk)
        while not any(response.status == 503 for response in running.load.responses):
            await running.goes_on(0.1)
        await running.goes_on(1.5)
        # Who reads does not notice.
        readers = [a for a in running.load.responses if a.who.startswith("reader") and a.received > running.began]
        ballast.unlink()
        running.is_over()
        await running.recovers(within=2)
    figures = await running.judge()

    require_intact(database.path)
    assert len(readers) > 10
    assert [response for response in readers if response.is_failure] == []
    assert figures.unavailable > 0
    assert figures.unanswered == 0
