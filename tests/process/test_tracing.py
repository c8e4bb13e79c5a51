"""The framework's own tracing, with an exporter that keeps what it gets: in a process of its own, for it is for all."""

import json
import subprocess
import sys
from pathlib import Path

from tests.process.processes import environment

SCRIPT = """
import asyncio, json, sys
import httpx
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from app.core.config import Settings
from app.main import create_app

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
secrets = ("access_secret_key", "reset_password_secret_key", "verification_secret_key")
app = create_app(Settings(_env_file=None, database_url="sqlite://", **dict.fromkeys(secrets, "x" * 32)))

async def ask():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://blog.example.com") as client:
        await client.get("/health/live")
        await client.post("/api/v1/users/7", json={"password": "four calm otters"}, headers={
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "Authorization": "Bearer clp_0123456789abc",
        })
        await client.post("/api/v1/auth/login")

asyncio.run(ask())
print(json.dumps([{"name": span.name, "trace": f"{span.context.trace_id:032x}", "attributes": dict(span.attributes)}
                  for span in exporter.get_finished_spans()]))
"""


def test_requests_are_traced_by_their_route_once_there_is_a_provider(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    spans = json.loads(run.stdout)
    requests = {span["name"]: span for span in spans if "http.request.method" in span["attributes"]}

    assert requests.keys() == {"POST /api/v1/users/{user_id}", "POST /api/v1/auth/login"}
    assert requests["POST /api/v1/auth/login"]["attributes"]["http.response.status_code"] == 500
    # Who asks may have begun the trace; what they sent is no part of it, and probes are not traced.
    assert requests["POST /api/v1/users/{user_id}"]["trace"] == "0af7651916cd43dd8448eb211c80319c"
    assert "clp_" not in run.stdout
    assert "otters" not in run.stdout
    assert "/health" not in run.stdout
