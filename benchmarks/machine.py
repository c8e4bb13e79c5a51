"""The machine that was measured on, and whether it was idle."""

import argparse
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("uvicorn", "uvloop", "httptools", "granian", "fastapi", "starlette", "pydantic", "sqlalchemy", "asyncpg")
_IDLE = 0.5


def described(database: str) -> dict[str, Any]:
    """Versions, processor and load. Warns if the machine is busy."""
    load = os.getloadavg()[0]
    if load > _IDLE:
        print(f"The machine is busy (load {load:.1f}): ratios suffer less from that than rates, but they do.")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_before": load,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "database": database,
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def add_core_options(parser: argparse.ArgumentParser) -> None:
    """Options for the cores of server and load; by default the first and the last."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        sys.exit("Two processor cores are needed: one for the server and one for the load.")
    parser.add_argument("--server-core", type=int, default=cores[0])
    parser.add_argument("--client-core", type=int, default=cores[-1])
