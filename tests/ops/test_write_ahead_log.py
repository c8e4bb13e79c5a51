"""What a write-ahead log that was damaged after a crash still tells, and what it cannot."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.ops.maintenance.write_ahead_log import unreadable_transactions

pytestmark = pytest.mark.one_database
TRANSACTIONS = 20
# As the server writes, and then killed.
KILLED = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("CREATE TABLE notes (text)")
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
for number in range(int(sys.argv[2])):
    database.execute("INSERT INTO notes VALUES (?)", (str(number) * 5000,))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    subprocess.run([sys.executable, "-c", KILLED, folder / "blog.db", str(TRANSACTIONS)], check=False)
    return folder


@pytest.fixture
def database(killed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(killed, tmp_path / "copy")) / "blog.db"


def log_of(database: Path) -> Path:
    return database.with_name("blog.db-wal")


def flipped(place: Callable[[int], int]) -> Callable[[Path], None]:
    def flip(log: Path) -> None:
        content = bytearray(log.read_bytes())
        content[place(len(content))] ^= 1
        log.write_bytes(content)

    return flip


def zeros(log: Path) -> None:
    with log.open("r+b") as file:
        file.seek(log.stat().st_size // 2)
        file.write(bytes(4096))


def told(database: Path) -> list[tuple[str, str]]:
    return [(finding.kind, finding.problem) for finding in unreadable_transactions(database)]


@pytest.mark.parametrize(
    "damage",
    [
        flipped(lambda size: size // 2),
        flipped(lambda size: size // 3),
        flipped(lambda _: 32 + 24 + 5),
        # The header's magic number, salt and checksum; the first frame's salt.
        flipped(lambda _: 1),
        flipped(lambda _: 17),
        flipped(lambda _: 30),
        flipped(lambda _: 32 + 9),
        zeros,
    ],
    ids=["middle", "third", "first page", "magic number", "salt", "checksum", "salt of a frame", "zeros"],
)
def test_what_was_committed_after_the_damage_is_counted(database: Path, damage: Callable[[Path], None]) -> None:
    damage(log_of(database))

    ((kind, problem),) = told(database)

    assert kind == "finding"
    with closing(sqlite3.connect(database)) as opened:
        (left,) = opened.execute("SELECT count(*) FROM notes").fetchone()
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    lost = TRANSACTIONS - left
    # The commit itself may have been what was overwritten.
    assert problem in {
        f"the write-ahead log is damaged: {number} transactions in it cannot be read and are lost"
        for number in ((lost, lost - 1) if damage is zeros else (lost,))
    }


def test_the_last_transaction_may_just_not_have_been_finished(database: Path) -> None:
    flipped(lambda size: size - 100)(log_of(database))

    assert [kind for kind, _ in told(database)] == ["note"]


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        Path.unlink,
        lambda log: os.truncate(log, 0),
        lambda log: os.truncate(log, 20),
        lambda log: os.truncate(log, log.stat().st_size // 2),
    ],
    ids=["intact", "deleted", "emptied", "cut in the header", "cut in the middle"],
)
def test_what_is_gone_altogether_leaves_no_trace(database: Path, change: Callable[[Path], None]) -> None:
    change(log_of(database))

    assert told(database) == []


def test_a_log_that_has_been_begun_anew_is_in_order(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as opened:
        opened.execute("PRAGMA wal_checkpoint(RESTART)")
        opened.execute("INSERT INTO notes VALUES ('after')")
        # What is left of the round before follows, with other salts.
        assert log_of(database).stat().st_size > 5 * 5000

        assert told(database) == []
    assert told(database.with_name("missing.db")) == []


def test_what_cannot_be_read_is_left_to_whoever_opens_the_database(database: Path) -> None:
    log_of(database).unlink()
    log_of(database).mkdir()

    assert told(database) == []
    assert told(database / "below-a-file.db") == []
