"""Recorded responses of the blog, so that the constant baselines can send exactly the same ones."""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Response

FILE = "BENCHMARK_ANSWERS"
# The server sends these by itself.
_OF_THE_SERVER = {"date", "server", "connection", "transfer-encoding"}


@dataclass(frozen=True)
class Recorded:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def record(path: Path, responses: Mapping[str, Response]) -> None:
    """Write these responses, each under the first part of its path: `R1` is the response to `/R1/…`."""
    stored = {
        name: {
            "status": response.status,
            "headers": [pair for pair in response.headers if pair[0].lower() not in _OF_THE_SERVER],
            "body": b64encode(response.body).decode(),
        }
        for name, response in responses.items()
    }
    path.write_text(json.dumps(stored))


def recorded() -> dict[str, Recorded]:
    stored = json.loads(Path(os.environ[FILE]).read_text())
    return {
        name: Recorded(
            response["status"],
            [(key.lower().encode(), value.encode("latin-1")) for key, value in response["headers"]],
            b64decode(response["body"]),
        )
        for name, response in stored.items()
    }
