"""The dashboard shows what there is: a metric that was renamed would leave a panel empty."""

import json
import re
from pathlib import Path

from prometheus_client import REGISTRY, Gauge

import app.main  # noqa: F401 - what is measured is declared all over it
from app.db.metrics import momentary_numbers
from app.db.session import Database

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/colophon.json").read_text(encoding="utf-8"))
NAME = re.compile(r"\bcolophon_[a-z_]+")
_PARTS_OF_HISTOGRAMS = ("_bucket", "_sum", "_count")


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


async def metric_names(database: Database) -> set[str]:
    """As they are to be asked for, those of the moment included."""
    async with database.reading() as session:
        names = {f"colophon_{name}" for name in await momentary_numbers(session)}
    for family in REGISTRY.collect():
        if not family.name.startswith("colophon_"):
            continue
        suffixes = {"counter": ("_total",), "histogram": _PARTS_OF_HISTOGRAMS}.get(family.type, ("",))
        names |= {family.name + suffix for suffix in suffixes}
    return names


async def test_every_metric_that_is_asked_for_exists(database: Database) -> None:
    asked = {name for query in queries() for name in NAME.findall(query)}

    assert len(asked) > 10
    assert asked <= await metric_names(database)


async def test_every_metric_is_shown(database: Database) -> None:
    text = " ".join([*queries(), (ROOT / "docs/observability.md").read_text(encoding="utf-8")])
    names = await metric_names(database)
    families = {name.removesuffix("_count") for name in names if not name.endswith(("_bucket", "_sum"))}

    assert {name for name in families if name not in text} == set()


def test_every_panel_asks_the_data_source_that_was_chosen() -> None:
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {"${datasource}"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_what_processes_have_counted_is_added_up() -> None:
    """A gauge of a process that is gone must not be part of it."""
    gauges = [collector for collector in REGISTRY._collector_to_names if isinstance(collector, Gauge)]

    assert len(gauges) > 3
    assert {gauge._multiprocess_mode for gauge in gauges} <= {"livesum", "livemax"}
