"""How long readers wait: at half of the maximum rate, and while others log in. Also the cost of a worker."""

import http.client
import statistics
import threading
import time
from dataclasses import asdict
from typing import Any, Self
from urllib.parse import urlsplit

from benchmarks.baselines.recorded import FILE
from benchmarks.corpus import Size
from benchmarks.interleaving import Bench
from benchmarks.open_loop import Waits, waits_at
from benchmarks.operations import operations_on
from benchmarks.servers import Server, memory_of
from benchmarks.wrk import Request

LOGINS_AT_ONCE = 4
_STARTS = _ROUNDS = 3
_SETTLING_SECONDS = 1.0


def at_half_load(bench: Bench, url: str, size: Size, cache_bytes: int) -> dict[str, list[Waits]]:
    """Each at half of its own maximum; the constant response shows what the load generator itself adds."""
    launcher, rates = bench.launcher, bench.rates
    environment = {FILE: str(launcher.folder / "answers.json")}
    with (
        launcher.colophon("colophon", url) as app,
        launcher.colophon("colophon-cold", url, CACHE_BYTES=str(cache_bytes)) as cold_app,
    ):
        operations = operations_on(app, size)
        path = operations.newest().path
        with launcher.uvicorn(
            "constant", "benchmarks.baselines.constant:create_app", f"/R1{path}", **environment
        ) as constant:
            loads = {
                "constant R1": (constant, [Request(f"/R1{path}")], rates["constant R1"]),
                "colophon warm R1": (app, [operations.newest()], rates["colophon warm R1"]),
                "colophon cold R2": (cold_app, operations.other_articles(), rates["colophon cold R2"]),
            }
            found: dict[str, list[Waits]] = {name: [] for name in loads}
            for _ in range(min(bench.rounds, _ROUNDS)):
                for name, (server, requests, measured) in loads.items():
                    half = statistics.median(measured) / 2
                    found[name].append(waits_at(server, requests, half, bench.seconds, bench.client_core))
    for name, waits in found.items():
        print(f"{name:34} at {waits[0].rate:,.0f}/s {_line(waits)}", flush=True)
    return found


def during_logins(bench: Bench, url: str, size: Size) -> dict[str, Any]:
    """Warm R1 at a quarter of the maximum, alone and with logins in flight all the time. Changes the database."""
    rate = statistics.median(bench.rates["colophon warm R1"]) / 4
    found: dict[str, list[Waits]] = {"alone": [], "during logins": []}
    with bench.launcher.colophon("colophon", url) as app:
        operations = operations_on(app, size)
        logins = operations.logins()
        done, spent = 0, 0.0
        for _ in range(min(bench.rounds, _ROUNDS)):
            found["alone"].append(waits_at(app, [operations.newest()], rate, bench.seconds, bench.client_core))
            with _LoggingIn(app, logins) as people:
                begin = time.perf_counter()
                found["during logins"].append(
                    waits_at(app, [operations.newest()], rate, bench.seconds, bench.client_core)
                )
                spent += time.perf_counter() - begin
                done += people.done
    for name, waits in found.items():
        print(f"warm R1 at {rate:,.0f}/s, {name:24} {_line(waits)}")
    print(f"meanwhile {done / spent:.1f} logins a second", flush=True)
    return {
        "waits": {name: [asdict(each) for each in several] for name, several in found.items()},
        "logins_a_second": done / spent,
    }


class _LoggingIn:
    """Users who log in one after the other, so that some logins are always in flight."""

    def __init__(self, server: Server, logins: list[Request]) -> None:
        self.done = 0
        self._server, self._logins = server, logins
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(number,)) for number in range(LOGINS_AT_ONCE)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        while not self._stop.is_set():
            request = self._logins[number % len(self._logins)]
            connection.request("POST", urlsplit(request.path).path, request.body, dict(request.headers))
            response = connection.getresponse()
            response.read()
            if response.status == 200:  # noqa: PLR2004 - OK
                self.done += 1
            number += LOGINS_AT_ONCE
        connection.close()


def starting(bench: Bench, url: str) -> dict[str, list[float]]:
    """Seconds to the first response of `python -m commands.serve` on a migrated database, and memory."""
    found: dict[str, list[float]] = {"seconds": [], "rss": [], "pss": []}
    for _ in range(_STARTS):
        with bench.launcher.colophon("colophon", url) as app:
            time.sleep(_SETTLING_SECONDS)
            found["seconds"].append(app.started)
            for name, megabytes in memory_of(app.process.pid).items():
                found[name].append(megabytes)
    print(", ".join(f"{name} {statistics.median(values):.2f}" for name, values in found.items()), flush=True)
    return found


def _line(waits: list[Waits]) -> str:
    median, p99 = (statistics.median(getattr(each, name) for each in waits) for name in ("median", "p99"))
    return f"median {median:.2f} ms, p99 {p99:.2f} ms ({p99 / median:.1f} times as long)"
