"""What several processes count, as whichever of them is asked says it."""

import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.process.processes import environment

# One that is killed in the middle of a request, and one that is asked afterwards.
SCRIPT = """
import os, signal
if os.fork() == 0:
    from app.core import metrics
    from app.db import metrics as db
    metrics.requests_total.labels("GET", "/route", 200).inc(2)
    db.query_seconds.observe(0.003)
    metrics.requests_in_progress.inc()
    db.pool_in_use.labels("writing").set(7)
    os.kill(os.getpid(), signal.SIGKILL)
os.wait()
from app.core import metrics
from app.db import metrics as db
metrics.requests_total.labels("GET", "/route", 200).inc(3)
db.query_seconds.observe(0.003)
metrics.requests_in_progress.inc()
db.pool_in_use.labels("writing").set(4)
print(metrics.exposition({"jobs_waiting": ("Jobs.", {"mail": 5})}).decode())
"""


def test_what_a_killed_process_has_counted_stays_and_what_it_was_doing_does_not(tmp_path: Path) -> None:
    variables = environment(PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    run = subprocess.run([sys.executable, "-c", SCRIPT], env=variables, capture_output=True, text=True, check=True)
    samples = [sample for family in text_string_to_metric_families(run.stdout) for sample in family.samples]
    numbers = {sample.name.removeprefix("colophon_"): sample.value for sample in samples if "le" not in sample.labels}

    assert numbers["http_requests_total"] == 5
    assert numbers["db_query_duration_seconds_count"] == 2
    assert (numbers["http_requests_in_progress"], numbers["db_pool_connections_in_use"]) == (1, 4)
    assert numbers["jobs_waiting"] == 5
    assert all("pid" not in sample.labels for sample in samples)
