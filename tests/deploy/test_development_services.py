"""`docker-compose-dev.yml`, as far as it can be checked without an engine."""

from typing import Any

import pytest
import yaml

from tests.process.processes import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose-dev.yml").read_text(encoding="utf-8"))


def test_it_has_the_services_to_develop_against() -> None:
    assert COMPOSE["services"].keys() == {"postgresql", "redis", "mail"}


@pytest.mark.parametrize("service", COMPOSE["services"].values(), ids=list(COMPOSE["services"]))
def test_each_tells_its_health_and_is_reachable_from_this_machine_only(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"][0] == "CMD"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_every_named_volume_is_declared() -> None:
    used = {volume.split(":")[0] for service in COMPOSE["services"].values() for volume in service.get("volumes", [])}
    assert used == COMPOSE["volumes"].keys()
