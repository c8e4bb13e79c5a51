"""Measuring several things alternately, so that other load on the machine affects them alike."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.ratios import rate_line
from benchmarks.servers import Launcher, Server
from benchmarks.wrk import CONNECTIONS, InvalidRunError, Load, Request, run

_CHECKED = 5
_WARM_UP_SECONDS = 1
# What the head of an answer may have beside its body.
_MAX_HEAD_BYTES = 2_000


@dataclass(frozen=True)
class Measurement:
    """Requests to a server: always the same, or different ones in every round (writes, which must not repeat)."""

    server: Server
    requests: Callable[[int], Sequence[Request]]
    connections: int = CONNECTIONS


def same(server: Server, requests: Sequence[Request] | Request) -> Measurement:
    chosen = [requests] if isinstance(requests, Request) else requests
    return Measurement(server, lambda _: chosen)


@dataclass
class Bench:
    """How everything is measured, and the measured rates, by name, one for each round."""

    launcher: Launcher
    client_core: int
    rounds: int
    seconds: float
    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    durations: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        print(f"-- {name}", flush=True)
        begin = time.perf_counter()
        yield
        self.durations[name] = time.perf_counter() - begin

    def interleave(self, measurements: Mapping[str, Measurement], *, seconds: float | None = None) -> None:
        """Check all responses, warm up, and measure everything once per round, in a different order each round.

        Raises `InvalidRunError` if any response is not a good one.
        """
        for measurement in measurements.values():
            requests = measurement.requests(-1)
            check(measurement.server, requests)
            self._load(measurement, requests, _WARM_UP_SECONDS, begin_at=0)
        names = list(measurements)
        for number in range(self.rounds):
            first = number * len(names) // self.rounds
            for name in names[first:] + names[:first]:
                self._measure(name, measurements[name], number, seconds or self.seconds)
        for name in names:
            print(rate_line(name, self.rates[name]), flush=True)

    def _measure(self, name: str, measurement: Measurement, number: int, seconds: float) -> None:
        requests = measurement.requests(number)
        # Where a list is longer than a run, the next round goes on elsewhere in it.
        begin_at = number * len(requests) // self.rounds
        load = self._load(measurement, requests, seconds, begin_at)
        if len(requests) == 1 and requests[0].method == "GET":
            expected = len(measurement.server.ask(requests[0].path, requests[0].headers).body)
            if not expected <= load.bytes_each * 1.01 <= expected + _MAX_HEAD_BYTES:
                raise InvalidRunError(f"{name}: {load.bytes_each:.0f} bytes an answer instead of {expected}")
        self.rates[name].append(load.rate)

    def _load(self, what: Measurement, requests: Sequence[Request], seconds: float, begin_at: int) -> Load:
        return run(what.server, requests, seconds, self.client_core, begin_at=begin_at, connections=what.connections)


def check(server: Server, requests: Sequence[Request]) -> None:
    """Send some of these requests as any client would. Raises `InvalidRunError` unless each response is good."""
    for request in requests[:_CHECKED]:
        response = server.ask(request.path, request.headers, request.method, request.body)
        if response.status == 304 and "If-None-Match" in request.headers:  # noqa: PLR2004 - not modified
            continue
        if not 200 <= response.status < 300 or not response.body:  # noqa: PLR2004 - good ones
            raise InvalidRunError(f"{server.name}: {request.method} {request.path} is answered with {response.status}")
