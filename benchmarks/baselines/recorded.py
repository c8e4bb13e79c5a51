"""Recorded responses of the blog, so that the constant baselines can send exactly the same ones."""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Answer

FILE = "BENCHMARK_ANSWERS"
# The server sends these by itself.
_OF_THE_SERVER = {"date", "server", "connection", "transfer-encoding"}


@dataclass(frozen=True)
class Recorded:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def record(path: Path, answers: Mapping[str, Answer]) -> None:
    """Write these responses, each under the first part of its path: `R1` is the response to `/R1/…`."""
    stored = {
        name: {
            "status": answer.status,
            "headers": [pair for pair in answer.headers if pair[0].lower() not in _OF_THE_SERVER],
            "body": b64encode(answer.body).decode(),
        }
        for name, answer in answers.items()
    }
    path.write_text(json.dumps(stored))


def recorded() -> dict[str, Recorded]:
    stored = json.loads(Path(os.environ[FILE]).read_text())
    return {
        name: Recorded(
            answer["status"],
            [(key.lower().encode(), value.encode("latin-1")) for key, value in answer["headers"]],
            b64decode(answer["body"]),
        )
        for name, answer in stored.items()
    }
