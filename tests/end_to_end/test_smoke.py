"""`portkey-admin-mcp smoke`: what an operator runs against a deployment."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.end_to_end.processes import ROOT, Running, command, environment, free_port
from tests.end_to_end.services import TOKEN, http_service

SMOKE_WITHIN = 40.0


def smoke(base_url: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("smoke"),
        cwd=ROOT,
        env=environment({"MCP_TEST_BASE_URL": base_url, **settings}),
        capture_output=True,
        text=True,
        timeout=SMOKE_WITHIN,
        check=False,
    )


@pytest.fixture(scope="module")
def stateless_with_token() -> Iterator[Running]:
    with http_service("stateless", token=TOKEN) as service:
        yield service


@pytest.fixture(scope="module")
def stateful_without_token() -> Iterator[Running]:
    with http_service("stateful") as service:
        yield service


@pytest.mark.parametrize("name", ["stateless", "stateless_with_token", "stateful", "stateful_without_token"])
def test_it_passes(name: str, request: pytest.FixtureRequest) -> None:
    service: Running = request.getfixturevalue(name)
    token = {"MCP_TEST_BEARER_TOKEN": service.token} if service.token else {}
    done = smoke(service.url, **token)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    for step in ("/health", "/ready", "initialize", "tools/list", "tools/call"):
        assert step in done.stdout
    assert "Traceback" not in told
    assert TOKEN not in told


def test_it_says_that_a_token_is_wrong(stateful: Running) -> None:
    done = smoke(stateful.url, MCP_TEST_BEARER_TOKEN="not-the-token-0123456789")
    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert "401" in told
    assert "token" in told.lower()
    assert "Traceback" not in told
    assert "not-the-token-0123456789" not in told


def test_it_says_that_nothing_listens() -> None:
    port = free_port()
    done = smoke(f"http://127.0.0.1:{port}")
    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert str(port) in told
    assert "Traceback" not in told
