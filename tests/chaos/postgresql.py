"""A PostgreSQL of the tests' own, which may be stopped, killed and frozen."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg

from tests.chaos.node import children_of
from tests.process.processes import free_port


def binaries() -> Path | None:
    """Where initdb and postgres are, the newest version of them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def as_whom() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid():
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class PostgresqlCluster:
    def __init__(self, programs: Path, **settings: str) -> None:
        self._settings = settings
        self._programs = programs
        self._whom = as_whom()
        # Not below pytest's own folders, which only their owner may enter.
        self._folder = Path(tempfile.mkdtemp(prefix="colophon-chaos-"))
        self.port = free_port()
        self.address = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        if self._whom:
            os.chown(self._folder, self._whom["user"], self._whom["group"])
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
        locale = ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C"]
        command = [str(self._programs / "initdb"), "-D", str(self._folder / "data"), *options, *locale]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self._whom)

    def copy(self, primary: "PostgresqlCluster") -> None:
        """Become a replica of one that runs, from its present state on."""
        if self._whom:
            os.chown(self._folder, self._whom["user"], self._whom["group"])
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres"]
        options = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        command = [str(self._programs / "pg_basebackup"), "-D", str(self._folder / "data"), *source, *options]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self._whom)

    async def start(self) -> None:
        """Start, and return once it answers."""
        self._process = self._launched()
        deadline = time.monotonic() + 20
        while True:
            try:
                return await self.execute("SELECT 1")
            except (OSError, asyncpg.PostgresError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
            await asyncio.sleep(0.02)

    def _launched(self) -> "subprocess.Popen[bytes]":
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "max_connections": "80",
            **self._settings,
        }
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd="/", **self._whom)

    async def execute(self, statement: str, database: str = "postgres") -> None:
        await self.fetch(statement, database)

    async def fetch(self, statement: str, database: str = "postgres") -> list[Any]:
        connection = await asyncpg.connect(self.address, database=database, timeout=5)
        try:
            found: list[Any] = await connection.fetch(statement)
        finally:
            await connection.close()
        return found

    async def stop(self) -> None:
        """As `pg_ctl stop -m fast` does: transactions are rolled back, connections closed."""
        await self._end(signal.SIGINT)

    async def kill(self) -> None:
        """All of its processes at once; the next start recovers from the log."""
        self._signal_all(signal.SIGKILL)
        await self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Connections stay open, new ones are taken by the system, and nothing is ever answered."""
        # The first of them starts the others, so it is the first to be stopped.
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    async def end_connections(self, database: str) -> int:
        """Of everybody else to this database; how many there were."""
        found = await self.fetch(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"  # noqa: S608
        )
        return len(found)

    async def remove(self) -> None:
        if self._process is not None:
            self.thaw()
            await self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        for pid in (self._process.pid, *children_of(self._process.pid)):
            # Unless it has just ended.
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        await asyncio.to_thread(self._process.wait, 20)
