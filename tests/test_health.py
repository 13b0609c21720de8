"""`portkey-admin-mcp health`, as the health check of a container runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.cli import main
from app.health import check_health
from tests.end_to_end.processes import command, environment, free_port
from tests.end_to_end.services import http_service
from tests.support.certificates import Authority, Files

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> Files:
    files = Files(tmp_path)
    files.write(authority.issue())
    return files


@contextmanager
def started(settings: dict[str, str]) -> Iterator[dict[str, str]]:
    """A service that has said that it listens; yields its settings, the port among them."""
    settings = settings | {"MCP_PORT": str(free_port())}
    process = subprocess.Popen(
        command("http"), cwd=ROOT, env=environment(settings), stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert any('"started"' in line for line in process.stderr)
        yield settings
    finally:
        process.terminate()
        process.communicate(timeout=15)


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.2"])  # noqa: S104 - what a container has
def test_it_finds_the_service_where_it_listens(host: str) -> None:
    with started({"MCP_HOST": host, "MCP_ALLOW_UNAUTHENTICATED_HTTP": "true"}) as settings:
        health = check_health(settings)
        of_a_platform = check_health(settings | {"PORT": settings["MCP_PORT"], "MCP_PORT": "1"})

    name = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    assert health.ok
    assert health.finding == f"http://{name}:{settings['MCP_PORT']}/health answered 200."
    assert of_a_platform.ok


def test_it_says_what_does_not_answer(capsys: pytest.CaptureFixture[str], unused_port: int) -> None:
    assert main(["health"], {"MCP_PORT": str(unused_port)}) == 1
    assert f"http://127.0.0.1:{unused_port}/health does not answer" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["::", "[::]", "::1"])
def test_an_address_of_ipv6_is_written_as_one(host: str, unused_port: int) -> None:
    health = check_health({"MCP_HOST": host, "MCP_PORT": str(unused_port)})

    assert health.finding.startswith(f"http://[::1]:{unused_port}/health does not answer")


def test_a_port_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health"], {"MCP_PORT": "soon"}) == 1
    assert "soon" in capsys.readouterr().err


def test_over_stdio_there_is_nothing_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health"], {"MCP_TRANSPORT": "stdio"}) == 0
    assert "stdio" in capsys.readouterr().out


def test_with_tls_it_trusts_the_certificate_of_the_settings_and_no_other(
    authority: Authority, files: Files, tmp_path: Path
) -> None:
    other = Files(tmp_path / "other")
    other.folder.mkdir()
    other.write(Authority().issue())
    with http_service(settings=files.settings, tls=authority.client_context()) as service:
        asked = {"MCP_PORT": str(service.port)}
        right = check_health(asked | files.settings)
        wrong = check_health(asked | other.settings)
        missing = check_health(asked | {"MCP_TLS_CERT_PATH": str(tmp_path / "none.pem")})

    assert (right.ok, wrong.ok, missing.ok) == (True, False, False)
    assert "does not show MCP_TLS_CERT_PATH" in wrong.finding
    assert "MCP_TLS_CERT_PATH names no certificate" in missing.finding


def test_a_service_that_wants_client_certificates_runs(authority: Authority, files: Files) -> None:
    files.client_ca.write_bytes(authority.pem)
    with started(files.settings | {"MCP_TLS_CA_PATH": str(files.client_ca)}) as settings:
        health = check_health(settings)

    assert health.ok, health.finding
    assert "wants a client certificate" in health.finding


def test_it_imports_next_to_nothing() -> None:
    script = (
        "import sys; from app.cli import main; main(['health'], {'MCP_PORT': '1'});"
        "print([name for name in ('pydantic', 'structlog', 'mcp', 'httpx2') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    assert ran.stdout.strip() == "[]"
