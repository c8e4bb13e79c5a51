"""Metrics for Prometheus.

With several processes, `PROMETHEUS_MULTIPROC_DIR` names a folder in which each keeps its numbers, and the one that is
scraped adds them up. It must be set before this module is imported.
"""

import os
from collections.abc import Iterable
from pathlib import Path

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

__all__ = ["MEDIA_TYPE"]

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_QUERY_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

disable_created_metrics()


def _live(name: str, documentation: str) -> Gauge:
    """A gauge that ignores processes which are gone."""
    return Gauge(f"colophon_{name}", documentation, multiprocess_mode="livesum")


requests_total = Counter(
    "colophon_http_requests_total",
    "Requests handled by the application. Those served from the response cache are counted as cache hits.",
    ["method", "route", "status"],
)
request_seconds = Histogram(
    "colophon_http_request_duration_seconds",
    "Time from the arrival of a request until its response was sent.",
    ["method", "route"],
    buckets=_REQUEST_SECONDS,
)
requests_in_progress = _live("http_requests_in_progress", "Requests currently being handled by the application.")

query_seconds = Histogram(
    "colophon_db_query_duration_seconds",
    "Time from sending a query until its first rows arrived, including time the process spent waiting.",
    buckets=_QUERY_SECONDS,
)
slow_queries_total = Counter("colophon_db_slow_queries_total", "Queries that took longer than SLOW_QUERY_MS.")
pool_in_use = _live("db_pool_connections_in_use", "Database connections in use.")
pool_open = _live("db_pool_connections_open", "Open database connections.")
pool_size = _live("db_pool_size", "Database connections kept open when idle.")

cache_hits_total = Counter("colophon_cache_hits_total", "Requests served from the response cache.")
cache_fills_total = Counter("colophon_cache_fills_total", "Responses generated for the response cache.")
cache_invalidations_total = Counter("colophon_cache_invalidations_total", "Invalidations of the response cache.")
cache_entries = _live("cache_entries", "Responses in the response cache, in all processes.")
cache_bytes = _live("cache_bytes", "Size of the response cache in bytes, in all processes.")

logins_total = Counter("colophon_logins_total", "Login attempts, by any method.", ["outcome"])
limits_hit_total = Counter("colophon_limits_hit_total", "Attempts rejected by a rate limit.", ["limit"])


class _Moment(Collector):
    """Numbers that are the same in every process, as of the time of the scrape."""

    def __init__(self, numbers: dict[str, tuple[str, dict[str, float]]]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, (documentation, values) in self._numbers.items():
            family = GaugeMetricFamily(f"colophon_{name}", documentation, labels=["kind"])
            for kind, value in values.items():
                family.add_metric([kind], value)
            yield family


def exposition(moment: dict[str, tuple[str, dict[str, float]]]) -> bytes:
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
