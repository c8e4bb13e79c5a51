"""Metrics for Prometheus: how they are declared, and those of requests. Domains declare theirs in their `metrics.py`.

With several processes, `PROMETHEUS_MULTIPROC_DIR` names a folder in which each keeps its numbers, and the one that is
scraped adds them up. It must be set before this module is imported, and so before any metric is declared.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as MEDIA_TYPE
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

__all__ = ["MEDIA_TYPE", "Counter", "Histogram"]

_PREFIX = "colophon_"
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

disable_created_metrics()


def counter(name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
    """Declare a number that only grows; `name` ends in `_total` and gets the prefix of all metrics."""
    return Counter(f"{_PREFIX}{name}", documentation, labels)


def live_gauge(
    name: str, documentation: str, labels: Sequence[str] = (), *, mode: Literal["livesum", "livemax"] = "livesum"
) -> Gauge:
    """Declare a number that goes up and down; processes that are gone are no part of it.

    `mode` says what the number of all processes is: the sum, or the greatest.
    """
    return Gauge(f"{_PREFIX}{name}", documentation, labels, multiprocess_mode=mode)


def histogram(name: str, documentation: str, buckets: Sequence[float], labels: Sequence[str] = ()) -> Histogram:
    """Declare a distribution over buckets with these upper bounds."""
    return Histogram(f"{_PREFIX}{name}", documentation, labels, buckets=buckets)


requests_total = counter(
    "http_requests_total",
    "Requests handled by the application. Those served from the response cache are counted as cache hits.",
    ["method", "route", "status"],
)
request_seconds = histogram(
    "http_request_duration_seconds",
    "Time from the arrival of a request until its response was sent.",
    _REQUEST_SECONDS,
    ["method", "route"],
)
requests_in_progress = live_gauge("http_requests_in_progress", "Requests currently being handled by the application.")


# One that is read when it is asked for: what it means, and its values by kind.
Number = tuple[str, Mapping[str, float]]


class _Moment(Collector):
    """Numbers that are the same in every process, as of the time of the scrape."""

    def __init__(self, numbers: Mapping[str, Number]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, (documentation, values) in self._numbers.items():
            family = GaugeMetricFamily(f"{_PREFIX}{name}", documentation, labels=["kind"])
            for kind, value in values.items():
                family.add_metric([kind], value)
            yield family


def exposition(moment: Mapping[str, Number]) -> bytes:
    """All metrics in Prometheus format, plus these momentary numbers: what they mean, and their value by kind."""
    momentary = CollectorRegistry()
    momentary.register(_Moment(moment))
    return generate_latest(_registry()) + generate_latest(momentary)


def shared_folder() -> Path | None:
    """The folder in which the processes keep their numbers, if there are several."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


def _registry() -> CollectorRegistry:
    folder = shared_folder()
    if folder is None:
        return REGISTRY
    _forget_the_dead(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return registry


def _forget_the_dead(folder: Path) -> None:
    """Remove the gauges of killed processes, which cannot do so themselves. Their counters stay."""
    if os.name != "posix":
        return
    for pid in {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))
        except PermissionError:
            continue
