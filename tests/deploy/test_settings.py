"""What the files set exists, and the blog accepts it."""

import re
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from pydantic import ValidationError

from app.core.config import EXAMPLE_SECRET_PREFIX, SECRETS, Settings
from commands.environment import write_environment_file
from tests.deploy.manifests import DEPLOY, OTHERS, SETTINGS, compose, kubernetes, read, stage, variables_in_unit

UNITS = ["systemd/colophon.service"]


def variables_in_dockerfile() -> set[str]:
    lines = [line for name in ("build", "runtime", "backup") for line in stage(name) if line.startswith("ENV ")]
    return {pair.split("=")[0] for line in lines for pair in line.removeprefix("ENV ").split()}


def variables_in_compose() -> set[str]:
    document = compose()
    set_there = {name for service in document["services"].values() for name in service.get("environment", {})}
    return set_there | set(re.findall(r"\$\{(\w+)", read("compose.yml")))


def named() -> dict[str, set[str]]:
    secret = yaml.safe_load(read("kubernetes/secret.example.yaml"))
    return {
        "Dockerfile": variables_in_dockerfile(),
        "compose.yml": variables_in_compose(),
        "example.env": set(dotenv_values(DEPLOY / "example.env")),
        "configmap.yaml": set(kubernetes("ConfigMap")["data"]),
        "secret.example.yaml": set(secret["stringData"]),
        **{unit: set(variables_in_unit(unit)) for unit in UNITS},
    }


@pytest.mark.parametrize("names", named().values(), ids=list(named()))
def test_every_variable_is_a_setting_or_known_to_be_anothers(names: set[str]) -> None:
    assert names
    assert names <= SETTINGS | OTHERS


def accepted(monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]) -> Settings:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    return Settings(_env_file=None)


def real_secrets() -> dict[str, str]:
    return {name.upper(): "x" * 40 for name in SECRETS}


def test_the_config_map_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = accepted(monkeypatch, kubernetes("ConfigMap")["data"] | real_secrets())
    assert settings.environment == "production"


def test_the_example_of_a_secret_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    example = yaml.safe_load(read("kubernetes/secret.example.yaml"))["stringData"]
    with pytest.raises(ValidationError, match="access_secret_key"):
        accepted(monkeypatch, kubernetes("ConfigMap")["data"] | example)
    assert ".invalid:" in example["DATABASE_URL"]


def test_no_other_file_brings_a_secret_of_its_own() -> None:
    example = dotenv_values(DEPLOY / "example.env")
    given = {name: value for name, value in example.items() if re.search("SECRET|PASSWORD|TOKEN", name) and value}
    assert given.keys() >= {"POSTGRES_PASSWORD", "ACCESS_SECRET_KEY"}
    assert set(given.values()) == {EXAMPLE_SECRET_PREFIX}
    assert "kubernetes/secret" not in read("kubernetes/kustomization.yaml")
    assert "secret.example.yaml" not in yaml.safe_load(read("kubernetes/kustomization.yaml"))["resources"]


def test_the_environment_of_compose_is_written_as_it_says(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the function that writes .env: secrets of its own, each fit for the address of a database too."""
    target = tmp_path / ".env"
    assert write_environment_file(DEPLOY / "example.env", target)
    values = {name: value for name, value in dotenv_values(target).items() if value}
    assert len({values[name.upper()] for name in SECRETS} | {values["POSTGRES_PASSWORD"]}) == len(SECRETS) + 1
    assert re.fullmatch(r"[\w-]+", values["POSTGRES_PASSWORD"])
    environment = compose()["services"]["app-1"]["environment"]
    given = values | {"DOMAIN": "blog.example.com", "FRONTEND_URL": "https://www.example.com"}
    filled = {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda match: given[match[1]], value) for name, value in environment.items()
    }
    settings = accepted(monkeypatch, values | filled)
    assert (settings.allowed_hosts, settings.environment) == (["blog.example.com"], "production")


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_settings_are_accepted(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = variables_in_unit(unit)
    settings = accepted(monkeypatch, values | real_secrets())
    # The only folder that the unit may write to.
    assert str(settings.var_dir) == "/var/lib/colophon"
    assert settings.database_url.endswith("////var/lib/colophon/blog.db")
    assert re.search(r"^StateDirectory=colophon\b", read(unit), re.MULTILINE)
