"""Whether response times reveal who has an account, and whether logins keep readers waiting.

`python -m benchmarks.accounts [--database-url URL] [--tries N]` starts its own server on an empty database (SQLite in a
temporary folder, or the one in the URL) and prints medians and quartiles in milliseconds. Known and unknown accounts
alternate, so that other load on the machine affects both alike.
"""

import argparse
import asyncio
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from benchmarks.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
KNOWN, PASSWORD = "known@example.com", "four calm otters"
LOGINS_AT_ONCE = 4
WARM_UP = 5
Ask = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]


@asynccontextmanager
async def _server(database_url: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database_url,
        "VAR_DIR": str(folder),
        "RATE_LIMITS": "false",
        "LOG_LEVEL": "ERROR",
        **{f"{name}_SECRET_KEY": secrets.token_urlsafe(48) for name in ("ACCESS", "RESET_PASSWORD", "VERIFICATION")},
    }
    create = [sys.executable, "-m", "commands.create_superuser", "--email", KNOWN, "--username", "known"]
    serve = [sys.executable, "-m", "commands.serve", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*serve, env=environment, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60) as client:
            await _answering(client)
            made = await asyncio.create_subprocess_exec(
                *create, env={**environment, "SUPERUSER_PASSWORD": PASSWORD}, cwd=folder, stdout=subprocess.DEVNULL
            )
            await made.wait()
            yield client
    finally:
        process.terminate()
        await process.wait()


async def _answering(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            await client.get("/tags")
        except httpx.TransportError:
            await asyncio.sleep(0.1)
        else:
            return
    raise SystemExit("The server does not answer.")


async def _register(client: httpx.AsyncClient, email: str) -> httpx.Response:
    name = f"u-{secrets.token_hex(8)}"
    return await client.post("/auth/register", json={"email": email, "username": name, "password": PASSWORD})


async def _forgot(client: httpx.AsyncClient, email: str) -> httpx.Response:
    return await client.post("/auth/forgot-password", json={"email": email})


async def _request_verify(client: httpx.AsyncClient, email: str) -> httpx.Response:
    return await client.post("/auth/request-verify-token", json={"email": email})


async def _log_in(client: httpx.AsyncClient, email: str) -> httpx.Response:
    return await client.post("/auth/login", data={"username": email, "password": "six slow badgers"})


async def _milliseconds(client: httpx.AsyncClient, ask: Ask, email: str) -> tuple[float, int]:
    begin = time.perf_counter()
    response = await ask(client, email)
    return (time.perf_counter() - begin) * 1000, response.status_code


def _quartiles(times: list[float]) -> str:
    low, middle, high = statistics.quantiles(times, n=4)
    return f"{middle:7.2f} ({low:.2f} to {high:.2f})"


async def _compare(client: httpx.AsyncClient, name: str, ask: Ask, tries: int) -> None:
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    statuses = set()
    for number in range(WARM_UP + tries):
        order = ["known", "unknown"] if number % 2 else ["unknown", "known"]
        for who in order:
            email = KNOWN if who == "known" else f"{secrets.token_hex(8)}@example.com"
            taken, status = await _milliseconds(client, ask, email)
            statuses.add(status)
            if number >= WARM_UP:
                times[who].append(taken)
    (low, middle, high), (low_2, middle_2, high_2) = (statistics.quantiles(times[who], n=4) for who in times)
    overlap = low <= high_2 and low_2 <= high
    print(f"{name:16} known {_quartiles(times['known'])}  unknown {_quartiles(times['unknown'])}", end="  ")
    print(f"ratio {middle / middle_2:.3f}  quartiles {'overlap' if overlap else 'APART'}  statuses {sorted(statuses)}")


async def _readers_during_logins(client: httpx.AsyncClient, tries: int) -> None:
    alone = [(await _milliseconds(client, lambda c, _: c.get("/articles"), ""))[0] for _ in range(tries)]
    stop = asyncio.Event()
    logins = 0

    async def log_in_for_ever() -> None:
        nonlocal logins
        while not stop.is_set():
            await client.post("/auth/login", data={"username": KNOWN, "password": PASSWORD})
            logins += 1

    workers = [asyncio.create_task(log_in_for_ever()) for _ in range(LOGINS_AT_ONCE)]
    begin = time.perf_counter()
    during = [(await _milliseconds(client, lambda c, _: c.get("/articles"), ""))[0] for _ in range(tries)]
    seconds = time.perf_counter() - begin
    stop.set()
    await asyncio.gather(*workers)
    print(f"GET /articles    alone {_quartiles(alone)}  with {LOGINS_AT_ONCE} logins in flight {_quartiles(during)}")
    print(f"logins           {logins / seconds:.1f} a second")


async def _main(database_url: str | None, tries: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = database_url or f"sqlite+aiosqlite:///{folder / 'blog.db'}"
        async with _server(url, folder) as client:
            for what, ask in {
                "register": _register,
                "forgot-password": _forgot,
                "request-verify": _request_verify,
                "login": _log_in,
            }.items():
                await _compare(client, what, ask, tries)
            await _readers_during_logins(client, tries)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url")
    parser.add_argument("--tries", type=int, default=200)
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.database_url, arguments.tries))
