"""The dashboard shows what there is: a metric that was renamed would leave a panel empty."""

import json
import re
from pathlib import Path

from prometheus_client import REGISTRY

from app.core import metrics
from app.ops.metrics_sampler import _numbers
from app.queue.status import KindStatus

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/colophon.json").read_text(encoding="utf-8"))
NAME = re.compile(r"\bcolophon_[a-z_]+")
_PARTS_OF_HISTOGRAMS = ("_bucket", "_sum", "_count")


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def metric_names() -> set[str]:
    """As they are to be asked for, those of the moment included."""
    names = {f"colophon_{name}" for name in _numbers([KindStatus("mail")])}
    for family in REGISTRY.collect():
        if not family.name.startswith("colophon_"):
            continue
        suffixes = {"counter": ("_total",), "histogram": _PARTS_OF_HISTOGRAMS}.get(family.type, ("",))
        names |= {family.name + suffix for suffix in suffixes}
    return names


def test_every_metric_that_is_asked_for_exists() -> None:
    asked = {name for query in queries() for name in NAME.findall(query)}

    assert len(asked) > 10
    assert asked <= metric_names()


def test_every_metric_is_shown() -> None:
    text = " ".join([*queries(), (ROOT / "docs/observability.md").read_text(encoding="utf-8")])
    families = {name.removesuffix("_count") for name in metric_names() if not name.endswith(("_bucket", "_sum"))}

    assert {name for name in families if name not in text} == set()


def test_every_panel_asks_the_data_source_that_was_chosen() -> None:
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {"${datasource}"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_what_processes_have_counted_is_added_up() -> None:
    """A gauge of a process that is gone must not be part of it."""
    gauges = [metric for metric in vars(metrics).values() if type(metric).__name__ == "Gauge"]

    assert len(gauges) > 3
    assert {gauge._multiprocess_mode for gauge in gauges} == {"livesum"}
