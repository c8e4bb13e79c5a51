"""The `.env` of a fresh checkout."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dotenv import dotenv_values

from commands.environment import write_environment_file
from tests.process.processes import ROOT, SECRETS

EXAMPLE = ROOT / ".env.example"


def test_it_is_the_example_with_secrets_of_its_own(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    assert write_environment_file(EXAMPLE, target)

    example, written = dotenv_values(EXAMPLE), dotenv_values(target)
    changed = {name: value or "" for name, value in written.items() if value != example[name]}
    assert list(written) == list(example)
    assert changed.keys() == SECRETS.keys()
    assert len(set(changed.values())) == len(SECRETS)
    assert all(len(value) >= 64 for value in changed.values())


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    write_environment_file(EXAMPLE, tmp_path / ".env")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_two_checkouts_share_no_secret(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_environment_file(EXAMPLE, tmp_path / name)
    one, two = dotenv_values(tmp_path / "one"), dotenv_values(tmp_path / "two")
    assert all(one[name] != two[name] for name in SECRETS)


def test_an_existing_one_stays_untouched(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    target.write_text("SITE_NAME=Mine\n", encoding="utf-8")
    assert not write_environment_file(EXAMPLE, target)
    assert target.read_text(encoding="utf-8") == "SITE_NAME=Mine\n"


def test_of_several_at_once_one_writes_and_no_draft_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / ".env"
    # All have seen that there is none before the first writes it.
    together = threading.Barrier(4, timeout=10)
    monkeypatch.setattr("secrets.token_urlsafe", lambda size: f"{together.wait()}" * size)
    with ThreadPoolExecutor(4) as pool:
        wrote = list(pool.map(lambda _: write_environment_file(EXAMPLE, target), range(4)))
    assert sorted(wrote) == [False, False, False, True]
    assert list(tmp_path.iterdir()) == [target]
    assert dotenv_values(target).keys() == dotenv_values(EXAMPLE).keys()
