"""What is in `deploy/`, read for the tests."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from app.core.config import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SETTINGS = {name.upper() for name in Settings.model_fields}
# What others than the blog read: Compose, Caddy, PostgreSQL's image, backup.sh, Python and the shell.
OTHERS = {
    "BACKUP_FOLDER",
    "BACKUP_KEEP_DAYS",
    "COLOPHON_VERSION",
    "DOMAIN",
    "PATH",
    "POSTGRES_DB",
    "POSTGRES_INITDB_ARGS",
    "POSTGRES_PASSWORD",
    "POSTGRES_USER",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "UPSTREAMS",
    "UV_COMPILE_BYTECODE",
    "UV_LINK_MODE",
    "UV_NO_CACHE",
    "UV_PYTHON_DOWNLOADS",
}


def read(path: str) -> str:
    return (DEPLOY / path).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(read("compose.yml"))
    return document


def kubernetes_documents() -> list[dict[str, Any]]:
    """All that the kustomization applies."""
    kustomization = yaml.safe_load(read("kubernetes/kustomization.yaml"))
    return [
        document for name in kustomization["resources"] for document in yaml.safe_load_all(read(f"kubernetes/{name}"))
    ]


def kubernetes(kind: str) -> dict[str, Any]:
    """The only document of this kind."""
    (document,) = [document for document in kubernetes_documents() if document["kind"] == kind]
    return document


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """What each Deployment, Job and CronJob runs."""
    for document in kubernetes_documents():
        spec = document.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template is not None:
            yield document["metadata"]["name"], template["spec"]


def dockerfile() -> str:
    """The instructions, each on one line, without comments."""
    lines = [line for line in read("Dockerfile").splitlines() if not line.lstrip().startswith("#")]
    return re.sub(r"\\\n\s*", "", "\n".join(lines))


def stage(name: str) -> list[str]:
    """The instructions of one of the Dockerfile's stages."""
    for text in re.split(r"^(?=FROM )", dockerfile(), flags=re.MULTILINE):
        if re.match(rf"FROM \S+ AS {name}\n", text):
            return text.splitlines()
    raise LookupError(name)


def variables_in_unit(path: str) -> dict[str, str]:
    assignments = re.findall(r"^Environment=(.*)$", read(path), re.MULTILINE)
    return dict(pair.split("=", 1) for line in assignments for pair in line.split())
