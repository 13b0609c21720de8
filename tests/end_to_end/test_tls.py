"""HTTPS as its operator runs it: the start, renewal under load, the smoke test, the end."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509

from tests.end_to_end import wire
from tests.end_to_end.processes import ROOT, Running, command, environment
from tests.end_to_end.services import TOKEN, http_service
from tests.end_to_end.wire import Era, HttpCaller
from tests.support.certificates import Authority, Files
from tests.web.support import until

RENEWALS = 5
CALLERS = 8


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> Files:
    files = Files(tmp_path)
    files.write(authority.issue())
    return files


@pytest.fixture
def service(authority: Authority, files: Files) -> Iterator[Running]:
    settings = files.settings | {"RATE_LIMIT_ENABLED": "false"}
    with http_service(token=TOKEN, settings=settings, tls=authority.client_context()) as service:
        yield service


def run(name: str, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(name),
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


def client(service: Running, **options: object) -> httpx2.AsyncClient:
    assert service.tls
    limits = httpx2.Limits(**options)  # type: ignore[arg-type]
    return httpx2.AsyncClient(verify=service.tls, trust_env=False, limits=limits, headers=service.headers)


async def presented(service: Running) -> int:
    """The serial number of the certificate that a new connection gets."""
    _, writer = await asyncio.open_connection(
        "127.0.0.1", service.port, ssl=service.tls, server_hostname="localhost"
    )
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
    return x509.load_der_x509_certificate(der).serial_number


async def logged(service: Running, event: str, times: int) -> None:
    await until(lambda: service.output().count(f'"{event}"') >= times, 20)


async def test_everything_it_says_about_itself_is_https(service: Running) -> None:
    async with client(service) as http:
        info = await http.get(f"{service.url}/auth/info")
        page = await http.get(service.url)
    assert info.json()["tls"] == {"enabled": True, "protocol": "https"}
    assert info.json()["mcpEndpoint"] == service.mcp_url
    assert service.mcp_url.startswith("https:")
    assert service.mcp_url in page.text
    assert "max-age=" in info.headers["strict-transport-security"]
    assert f'"endpoint":"{service.mcp_url}"' in service.output()


async def test_certificates_renewed_under_load_fail_no_request(
    service: Running, authority: Authority, files: Files
) -> None:
    """Half of the callers keep their connection, half open one a call."""
    stop = asyncio.Event()
    answered = [0] * CALLERS
    renewals = [authority.issue() for _ in range(RENEWALS)]

    async def call(number: int) -> None:
        era: Era = "2026" if number % 4 < 2 else "2025"
        message = wire.tool_call("list_configs", {}, era)
        async with client(service, max_keepalive_connections=number % 2) as http:
            caller = HttpCaller(service.mcp_url, era)
            while not stop.is_set():
                answer = wire.answer_of(await caller.post(http, message))
                assert answer["result"]["structuredContent"]["total"] > 0
                answered[number] += 1

    async def all_go_on(then: list[int]) -> None:
        await until(lambda: all(now > was + 1 for now, was in zip(answered, then, strict=True)), 20)

    async with asyncio.TaskGroup() as callers:
        for number in range(CALLERS):
            callers.create_task(call(number))
        for renewal, renewed in enumerate(renewals, 1):
            files.write(renewed)
            service.process.send_signal(signal.SIGHUP)
            await logged(service, "tls_reloaded", renewal)
            assert await presented(service) == renewed.certificate.serial_number
            await all_go_on(list(answered))
        # What cannot be used changes nothing.
        files.key.write_bytes(authority.issue().key_pem())
        service.process.send_signal(signal.SIGHUP)
        await logged(service, "tls_reload_failed", 1)
        assert await presented(service) == renewals[-1].certificate.serial_number
        await all_go_on(list(answered))
        stop.set()
    assert "Traceback" not in service.output()
    assert service.process.poll() is None


def test_the_smoke_test_trusts_the_certificate_of_the_settings_and_no_other(
    service: Running, authority: Authority, files: Files, tmp_path: Path
) -> None:
    settings = {"MCP_PORT": str(service.port), "MCP_TEST_BEARER_TOKEN": TOKEN}
    done = run("smoke", settings | files.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.mcp_url in done.stdout
    other = Files(tmp_path / "other")
    other.folder.mkdir()
    other.write(authority.issue())
    refused = run("smoke", settings | other.settings)
    assert refused.returncode == 1
    assert "certificate is not trusted" in refused.stdout
    missing = run("smoke", settings | {"MCP_TLS_CERT_PATH": str(tmp_path / "nowhere")})
    assert missing.returncode == 1
    assert "MCP_TLS_CERT_PATH" in missing.stdout
    assert "Traceback" not in refused.stderr + missing.stderr


def test_an_idle_client_does_not_hold_the_end_up(service: Running) -> None:
    assert service.tls
    raw = socket.create_connection(("127.0.0.1", service.port))
    with service.tls.wrap_socket(raw, server_hostname="localhost") as idle:
        idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100)
        started = time.monotonic()
        service.terminate()
        assert service.wait() == 0, service.output()
    assert time.monotonic() - started < 8


def test_with_a_client_ca_a_client_needs_its_certificate(authority: Authority, files: Files) -> None:
    files.client_ca.write_bytes(authority.pem)
    own = files.folder / "client.pem"
    issued = authority.issue()
    own.write_bytes(issued.pem + issued.key_pem())
    settings = files.settings | {"MCP_TLS_CA_PATH": str(files.client_ca)}
    with (
        http_service(settings=settings, tls=authority.client_context(own)) as service,
        httpx2.Client(verify=authority.client_context(), trust_env=False) as stranger,
        pytest.raises(httpx2.TransportError),
    ):
        stranger.get(f"{service.url}/health")


@pytest.mark.parametrize("name", ["http", "check-config"])
def test_files_that_cannot_be_used_are_in_the_one_report(
    authority: Authority, files: Files, name: str
) -> None:
    files.certificate.write_bytes(authority.issue(begins=timedelta(days=-9), ends=timedelta(days=-1)).pem)
    settings = files.settings | {"MCP_TLS_CA_PATH": str(files.key), "MCP_PORT": "3000oops"}
    done = run(name, settings)
    assert done.returncode == 2
    told = " ".join(done.stderr.split())
    assert "has 4 problems" in told
    for variable, advice in {
        "MCP_PORT": "whole number",
        "MCP_TLS_CERT_PATH": "expired on",
        "MCP_TLS_KEY_PATH": "does not belong",
        "MCP_TLS_CA_PATH": "no certificate",
    }.items():
        assert advice in told.partition(f"{variable}=")[2].split("MCP_")[0], (variable, told)
    assert "Traceback" not in done.stderr


def test_a_certificate_that_ends_soon_is_a_warning(authority: Authority, files: Files) -> None:
    files.write(authority.issue(ends=timedelta(days=3, hours=1)))
    done = run("check-config", files.settings)
    assert done.returncode == 0, done.stderr
    assert "expires in 3 days" in done.stdout
    assert "on 127.0.0.1:3000 with TLS" in done.stdout


def test_over_stdio_the_files_do_not_matter() -> None:
    done = run("stdio", {"MCP_TLS_CERT_PATH": "/nowhere"})
    assert done.returncode == 0, done.stderr


def test_a_client_that_speaks_an_old_version_is_turned_away(service: Running) -> None:
    """Here uvloop does the handshake, where it is installed."""
    trust = ssl.create_default_context()
    trust.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        trust.minimum_version = trust.maximum_version = ssl.TLSVersion.TLSv1_1
    raw = socket.create_connection(("127.0.0.1", service.port), 10)
    with raw, pytest.raises((ssl.SSLError, ConnectionError)):
        trust.wrap_socket(raw, server_hostname="localhost")
