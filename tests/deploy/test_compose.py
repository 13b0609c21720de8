"""docker-compose.yml: its topology as plain processes, with the very nginx and Redis configuration."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis
import yaml

from app.settings import load_settings
from tests.end_to_end.processes import ROOT, command, environment, free_port, running
from tests.support.own_redis import redis_program
from tests.support.parts import needs, path_of
from tests.web.support import until

TOKEN = "a-token-of-the-compose-tests-0123"
PASSWORD = "a-password-of-the-compose-tests"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
SANDBOX_ENV = dict(
    line.split("=", 1)
    for line in (ROOT / "deploy/compose/sandbox.env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
DOT_ENV = SANDBOX_ENV | {"MCP_AUTH_TOKEN": TOKEN, "REDIS_PASSWORD": PASSWORD}


def substituted(text: str) -> str:
    """Do what compose does with ${NAME}, ${NAME:-default} and ${NAME:?message}."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", lambda m: DOT_ENV.get(m[1]) or m[2] or "", text)


def environment_of(service: str) -> dict[str, str]:
    own = {name: substituted(value) for name, value in SERVICES[service].get("environment", {}).items()}
    return (DOT_ENV if "env_file" in SERVICES[service] else {}) | own


@pytest.fixture
def redis_port(tmp_path: Path) -> Iterator[int]:
    """A Redis with the configuration file of the compose file and its password, and a folder for /data."""
    port = free_port()
    overrides = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    with (tmp_path / "redis.log").open("wb") as log:
        process = subprocess.Popen(
            [redis_program(), str(ROOT / "deploy/compose/redis.conf"), *overrides, "--requirepass", PASSWORD],
            stdout=log,
            stderr=log,
        )
    asyncio.run(until(lambda: accepts(port)))
    yield port
    process.terminate()
    process.wait(10)


def shipped_nginx_configuration() -> str:
    """What the command of the compose file makes of the configuration in deploy/nginx."""
    script = SERVICES["nginx"]["command"][2]
    edits = script.partition(" /etc/portkey-admin-mcp.conf")[0]
    assert edits.startswith("sed ")
    (mounted,) = (volume.split(":")[0] for volume in SERVICES["nginx"]["volumes"])
    ran = subprocess.run(
        ["sh", "-c", f"{edits} {ROOT / mounted}"], capture_output=True, text=True, timeout=10, check=True
    )
    return ran.stdout


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def nginx(port: int, configuration: str, folder: Path) -> Iterator[str]:
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "server.conf").write_text(configuration.replace("listen 8080;", f"listen 127.0.0.1:{port};"))
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\npid {folder}/nginx.pid;\nevents {{}}\n"
        f"http {{ access_log off; include {folder}/server.conf; }}\n"
    )
    program = [path_of("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(program, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@needs("nginx", "docker-compose.yml as plain processes")
def test_replicas_behind_the_balancer_pass_the_smoke_test(redis_port: int, tmp_path: Path) -> None:
    ports = {name: free_port() for name in ("nginx", "sandbox", "replica-1", "replica-2")}
    here = {
        "redis:6379": f"127.0.0.1:{redis_port}",
        "sandbox:8787": f"127.0.0.1:{ports['sandbox']}",
        "replica-1:3000": f"127.0.0.1:{ports['replica-1']}",
        "replica-2:3000": f"127.0.0.1:{ports['replica-2']}",
    }

    def moved(text: str) -> str:
        for name, address in here.items():
            text = text.replace(name, address)
        return text

    with ExitStack() as stack:
        sandbox = environment_of("sandbox") | {"SANDBOX_PORT": str(ports["sandbox"])}
        stack.enter_context(
            running(
                command(*SERVICES["sandbox"]["command"]),
                port=ports["sandbox"],
                settings=sandbox,
                ready="/_sandbox/requests",
            )
        )
        replicas = []
        for name in ("replica-1", "replica-2"):
            given = {key: moved(value) for key, value in environment_of(name).items()}
            # Loopback has a private address, which a name in the network of compose has not.
            given |= {"MCP_PORT": str(ports[name]), "PORTKEY_ALLOW_PRIVATE_BASE_URL": "true"}
            replicas.append(
                stack.enter_context(running(command(), port=ports[name], settings=given, ready="/ready"))
            )
        configuration = moved(shipped_nginx_configuration())
        base = stack.enter_context(nginx(ports["nginx"], configuration, tmp_path))
        asyncio.run(until(lambda: accepts(ports["nginx"])))
        smoke = subprocess.run(
            command("smoke"),
            cwd=ROOT,
            env=environment({"MCP_TEST_BASE_URL": base, "MCP_TEST_BEARER_TOKEN": TOKEN}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        ready = httpx2.get(f"{base}/ready").json()
        served = [replica.output().count('"http_request"') for replica in replicas]
        for replica in replicas:
            replica.process.kill()

    assert smoke.returncode == 0, smoke.stdout
    assert ready["components"]["rate_limits"] == {"status": "ok"}
    assert all(served), "nginx is to take turns"
    with redis.Redis(port=redis_port, password=PASSWORD) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_each_setting_of_a_replica_is_one() -> None:
    settings = load_settings(
        {n: v for n, v in environment_of("replica-1").items() if n != "COMPOSE_PROFILES"}
    )

    assert not [text for text in settings.warnings if "is not a setting" in text]
    assert settings.rate_limit_store == "redis"
    assert settings.auth_mode == "bearer"


def test_only_the_balancer_is_published_and_on_loopback_unless_told_otherwise() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"nginx": ["${MCP_BIND:-127.0.0.1:8080}:8080"]}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_is_bounded_and_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]

    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "healthcheck" in service


def test_passwords_are_asked_for_and_written_nowhere() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    assert "${REDIS_PASSWORD:?" in text
    assert "--requirepass" in SERVICES["redis"]["command"][2]
    assert '"$$REDISCLI_AUTH"' in SERVICES["redis"]["command"][2]
