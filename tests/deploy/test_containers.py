"""The image, and how Compose, Kubernetes and systemd run it: as little as it needs, asked where it answers."""

import json
import re
import subprocess
from importlib.util import find_spec
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from app.core.config import Settings
from app.lifespan import FINISH_JOBS_SECONDS
from app.main import create_app
from commands.serving import server
from tests.deploy.manifests import DEPLOY, ROOT, compose, dockerfile, kubernetes, pods, read, stage

SERVICES = compose()["services"]
PODS = dict(pods())
IN_FLIGHT = server.FINISH_SECONDS + FINISH_JOBS_SECONDS


@pytest.fixture(scope="module")
def paths() -> set[str]:
    app = create_app(
        Settings(
            _env_file=None,
            metrics_token="m" * 20,
            access_secret_key="a" * 32,
            reset_password_secret_key="b" * 32,
            verification_secret_key="c" * 32,
        )
    )
    return {context.path for context in iter_route_contexts(app.routes) if context.path}


def test_the_image_runs_as_nobody_in_particular_and_asks_where_it_answers(paths: set[str]) -> None:
    runtime = stage("runtime")
    (check,) = [line for line in runtime if line.startswith("HEALTHCHECK")]
    (asked,) = set(re.findall(r"(/health/\w+)", check))
    assert asked in paths
    assert [line for line in runtime if line.startswith(("USER", "STOPSIGNAL", "EXPOSE"))] == [
        "USER 10001:10001",
        "EXPOSE 8000",
        "STOPSIGNAL SIGTERM",
    ]
    assert [line for line in stage("backup") if line.startswith("USER")][-1] == "USER 10001:10001"


def test_what_the_image_runs_exists_and_needs_no_shell() -> None:
    commands = re.findall(r"^(?:CMD|HEALTHCHECK.* CMD) (.*)$", dockerfile(), re.MULTILINE)
    assert len(commands) == 4
    for command in map(json.loads, commands):
        if command[:2] == ["python", "-m"]:
            assert find_spec(command[2])
        elif command[:2] == ["python", "-c"]:
            compile(command[2], "HEALTHCHECK", "exec")
        else:
            assert (DEPLOY / command[0]).stat().st_mode & 0o111


def test_the_image_is_made_of_what_the_build_context_has() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.*) \S+$", dockerfile(), re.MULTILINE)
    assert {name for names in copied for name in names.split()} == allowed
    assert all((ROOT / name).exists() for name in allowed)


IMAGES = sorted({*re.findall(r"^FROM (\S+:\S+)", dockerfile(), re.MULTILINE), *(s["image"] for s in SERVICES.values())})


@pytest.mark.parametrize("image", IMAGES)
def test_images_are_of_a_version(image: str) -> None:
    image = re.sub(r"\$\{\w+:-(.*)\}", r"\1", image)
    assert re.fullmatch(r"[a-z-]+:\d[\w.-]+", image)


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
def test_services_may_do_only_what_they_need(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory", "pids"} == service["deploy"]["resources"]["limits"].keys()


def test_only_the_proxy_is_reached_from_outside_and_only_it_is_believed() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert compose()["networks"]["data"]["internal"] is True
    assert SERVICES["postgresql"]["networks"] == SERVICES["redis"]["networks"] == ["data"]
    trusted = SERVICES["app-1"]["environment"]["TRUSTED_PROXIES"]
    assert SERVICES["proxy"]["networks"]["edge"]["ipv4_address"] == trusted


def test_what_is_written_to_is_declared() -> None:
    volumes = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert {name.split(":")[0] for name in volumes if name[0].isalpha()} == compose()["volumes"].keys()
    for name in ("app-1", "app-2"):
        assert {mount.split(":")[0] for mount in SERVICES[name]["tmpfs"]} == {"/tmp", "/data"}  # noqa: S108


def test_the_proxies_send_requests_to_the_ports_and_paths_that_are_there(paths: set[str]) -> None:
    assert SERVICES["proxy"]["environment"]["UPSTREAMS"] == "app-1:8000 app-2:8000"
    caddy, nginx = read("Caddyfile"), read("nginx.conf")
    assert set(re.findall(r"health_uri (\S+)", caddy)) <= paths
    for hidden in ("/health/", "/metrics"):
        assert hidden in caddy
        assert hidden in nginx


@pytest.mark.parametrize("proxy", ["Caddyfile", "nginx.conf"])
def test_proxies_let_go_of_connections_before_the_blog_does(proxy: str) -> None:
    (kept,) = re.findall(r"^ +keepalive_timeout (\d+)s;\n}|^\t+keepalive (\d+)s$", read(proxy), re.MULTILINE)
    assert int("".join(kept)) < server.KEEP_ALIVE_SECONDS


@pytest.mark.parametrize("pod", PODS.values(), ids=list(PODS))
def test_pods_may_do_only_what_they_need(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_probes_ask_where_the_blog_answers(paths: set[str]) -> None:
    (container,) = PODS["colophon"]["containers"]
    asked = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe["path"] for probe in asked.values()} <= paths
    # A database that is away must not have everything restarted.
    assert asked["livenessProbe"]["path"] == "/health/live"
    (port,) = container["ports"]
    assert {probe["port"] for probe in asked.values()} == {port["name"]}
    assert str(port["containerPort"]) == kubernetes("ConfigMap")["data"]["PORT"]
    assert kubernetes("Service")["spec"]["ports"][0]["targetPort"] == port["name"]


def test_all_that_selects_pods_selects_those_of_the_deployment() -> None:
    labels = kubernetes("Deployment")["spec"]["template"]["metadata"]["labels"].items()
    assert kubernetes("Deployment")["spec"]["selector"]["matchLabels"].items() <= labels
    assert kubernetes("Service")["spec"]["selector"].items() <= labels
    assert kubernetes("PodDisruptionBudget")["spec"]["selector"]["matchLabels"].items() <= labels
    assert kubernetes("HorizontalPodAutoscaler")["spec"]["minReplicas"] >= 2


def test_nobody_is_killed_while_draining() -> None:
    drain = int(kubernetes("ConfigMap")["data"]["DRAIN_SECONDS"])
    assert PODS["colophon"]["terminationGracePeriodSeconds"] > drain + IN_FLIGHT
    for name in ("app-1", "app-2"):
        drain = int(SERVICES[name]["environment"]["DRAIN_SECONDS"])
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > drain + IN_FLIGHT
    (patience,) = re.findall(r"^TimeoutStopSec=(\d+)$", read("systemd/colophon.service"), re.MULTILINE)
    assert int(patience) > 10 + IN_FLIGHT


def test_the_unit_may_do_only_what_it_needs() -> None:
    unit = "systemd/colophon.service"
    lines = set(read(unit).splitlines())
    assert lines >= {"DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet="}
    commands = re.findall(r"^ExecStart=\S+(?: -m (\S+))?", read(unit), re.MULTILINE)
    assert all(find_spec(module) for module in commands if module)


def test_the_backup_script_is_one() -> None:
    checked = subprocess.run(["sh", "-n", DEPLOY / "backup.sh"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
