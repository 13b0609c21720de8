from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs

from app.web.tls import Certificates, TlsFiles, TlsFilesError, load_identity
from tests.support.certificates import Authority, Files
from tests.web.support import JSON, build, running, until


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> Files:
    files = Files(tmp_path)
    files.write(authority.issue())
    return files


def paths(files: Files, *, client_ca: bool = False) -> TlsFiles:
    return TlsFiles(str(files.certificate), str(files.key), str(files.client_ca) if client_ca else None)


def flaws_of(files: TlsFiles) -> dict[str, str]:
    with pytest.raises(TlsFilesError) as caught:
        load_identity(files)
    return {flaw.part: flaw.advice for flaw in caught.value.flaws}


def https(authority: Authority, identity: Path | None = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(verify=authority.client_context(identity), trust_env=False, timeout=10)


async def presented(port: int, trust: ssl.SSLContext) -> str:
    """The serial number of the certificate that a new connection gets."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="localhost")
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
    return f"{x509.load_der_x509_certificate(der).serial_number:X}"


# What is checked


def test_good_files_pass(authority: Authority, files: Files) -> None:
    issued = authority.issue()
    files.write(issued)
    files.certificate.write_bytes(issued.pem + authority.pem)
    identity = load_identity(paths(files))
    assert identity.serial_number == issued.serial
    assert identity.expires == issued.certificate.not_valid_after_utc
    assert identity.expiry_warning is None


def test_missing_files_are_reported_together(files: Files) -> None:
    nowhere = str(files.folder / "nowhere")
    flaws = flaws_of(TlsFiles(nowhere, nowhere, nowhere))
    assert set(flaws) == {"certificate", "key", "client_ca"}
    assert all("no such file" in advice for advice in flaws.values())


def test_a_folder_and_an_endless_file_are_no_certificates(files: Files) -> None:
    assert "is a directory" in flaws_of(TlsFiles(str(files.folder), str(files.key)))["certificate"]
    assert "1 MiB" in flaws_of(TlsFiles("/dev/zero", str(files.key)))["certificate"]


@pytest.mark.parametrize("content", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_pem_is_named(files: Files, content: bytes) -> None:
    files.client_ca.write_bytes(content)
    assert "no certificate" in flaws_of(paths(files, client_ca=True))["client_ca"]
    files.certificate.write_bytes(content)
    assert "no certificate" in flaws_of(paths(files))["certificate"]


@pytest.mark.parametrize("content", [b"", b"junk", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_without_a_key_is_named(files: Files, content: bytes) -> None:
    files.key.write_bytes(content)
    assert "no private key" in flaws_of(paths(files))["key"]


def test_certificate_and_key_swapped_is_seen(files: Files) -> None:
    assert "no certificate" in flaws_of(TlsFiles(str(files.key), str(files.certificate)))["certificate"]


@pytest.mark.parametrize("kind", ["same", "other"])
def test_a_key_of_another_certificate_is_refused(authority: Authority, files: Files, kind: str) -> None:
    other = None if kind == "same" else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    files.key.write_bytes(authority.issue(key=other).key_pem())
    assert "does not belong" in flaws_of(paths(files))["key"]


def test_a_chain_in_the_wrong_order_is_a_key_that_does_not_belong(authority: Authority, files: Files) -> None:
    files.certificate.write_bytes(authority.pem + files.certificate.read_bytes())
    assert "comes first" in flaws_of(paths(files))["key"]


def test_a_passphrase_is_refused_and_not_asked_for(authority: Authority, files: Files) -> None:
    issued = authority.issue()
    files.write(issued)
    files.key.write_bytes(issued.key_pem(b"secret"))
    assert "passphrase" in flaws_of(paths(files))["key"]


def test_an_expired_certificate_and_a_wrong_key_are_reported_together(
    authority: Authority, files: Files
) -> None:
    files.certificate.write_bytes(authority.issue(begins=timedelta(days=-9), ends=timedelta(days=-2)).pem)
    flaws = flaws_of(paths(files))
    assert "expired on" in flaws["certificate"]
    assert "does not belong" in flaws["key"]


def test_a_certificate_of_tomorrow_is_refused(authority: Authority, files: Files) -> None:
    files.write(authority.issue(begins=timedelta(days=1)))
    assert "not valid before" in flaws_of(paths(files))["certificate"]


def test_a_key_of_1024_bits_is_refused(authority: Authority, files: Files) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
    files.write(authority.issue(key=weak))
    assert "too weak" in flaws_of(paths(files))["certificate"]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(hours=3), "in less than a day"),
        (timedelta(days=1, hours=1), "in 1 day,"),
        (timedelta(days=13, hours=1), "in 13 days"),
        (timedelta(days=14, hours=1), None),
    ],
)
def test_a_certificate_that_ends_soon_is_a_warning(
    authority: Authority, files: Files, left: timedelta, words: str | None
) -> None:
    files.write(authority.issue(ends=left))
    warning = Certificates(paths(files)).expiry_warning
    assert (words in warning) if words and warning else (words is warning)


# What is spoken


async def test_answers_come_over_https_with_hsts(authority: Authority, files: Files) -> None:
    async with running(build(), tls=Certificates(paths(files))) as service, https(authority) as http:
        answer = await http.post(f"https://localhost:{service.port}/mcp", content=b"{}", headers=JSON)
        missing = await http.get(f"https://127.0.0.1:{service.port}/nowhere")
    assert (answer.status_code, missing.status_code) == (200, 404)
    for each in (answer, missing):
        assert each.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_behind_something_that_speaks_tls_there_is_hsts_too() -> None:
    """The scheme of the request is what a trusted proxy says it is."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=build()), base_url="https://localhost"
    ) as http:
        answer = await http.get("/health")
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_plain_http_has_no_hsts() -> None:
    async with running(build()) as service, httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{service.url}/health")
    assert "strict-transport-security" not in answer.headers


async def test_plain_http_to_a_tls_port_gets_no_answer(authority: Authority, files: Files) -> None:
    async with running(build(), tls=Certificates(paths(files))) as service:
        answer = await service.exchange(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with https(authority) as http:
            assert (await http.get(f"https://localhost:{service.port}/health")).status_code == 200
    assert b"HTTP/1.1 200" not in answer


@pytest.mark.parametrize(
    ("newest", "protocol"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
async def test_modern_versions_are_spoken_with_forward_secrecy(
    authority: Authority, files: Files, newest: ssl.TLSVersion, protocol: str
) -> None:
    trust = authority.client_context()
    trust.maximum_version = newest
    trust.set_alpn_protocols(["h2", "http/1.1"])
    async with running(build(), tls=Certificates(paths(files))) as service:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", service.port, ssl=trust, server_hostname="localhost"
        )
        connection = writer.get_extra_info("ssl_object")
        writer.close()
    assert connection.version() == protocol
    assert connection.cipher()[0].startswith(("ECDHE-ECDSA-AES", "ECDHE-ECDSA-CHACHA20", "TLS_"))
    assert connection.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("old", ["version", "cipher"])
async def test_what_is_outdated_is_refused(authority: Authority, files: Files, old: str) -> None:
    trust = authority.client_context()
    if old == "version":
        trust.set_ciphers("DEFAULT@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            trust.minimum_version = trust.maximum_version = ssl.TLSVersion.TLSv1_1
    else:
        trust.maximum_version = ssl.TLSVersion.TLSv1_2
        trust.set_ciphers("ECDHE-ECDSA-AES128-SHA")
    async with running(build(), tls=Certificates(paths(files))) as service:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await presented(service.port, trust)


async def test_a_client_that_names_no_server_is_served(authority: Authority, files: Files) -> None:
    trust = authority.client_context()
    trust.check_hostname = False
    async with running(build(), tls=Certificates(paths(files))) as service:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", service.port, ssl=trust, server_hostname=""
        )
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200")


async def test_an_idle_client_that_ignores_the_goodbye_does_not_hold_the_end_up(
    authority: Authority, files: Files
) -> None:
    async with running(build(), tls=Certificates(paths(files)), shutdown_timeout=20) as service:
        raw = socket.create_connection(("127.0.0.1", service.port))
        with await asyncio.to_thread(
            authority.client_context().wrap_socket, raw, server_hostname="localhost"
        ) as client:
            await asyncio.to_thread(client.sendall, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert await asyncio.to_thread(client.recv, 100)
            service.server.handle_exit(signal.SIGTERM, None)
            await asyncio.wait_for(service.ended, 5)
    assert service.server.clean


# Client certificates


@pytest.fixture
def client_identity(files: Files) -> tuple[Authority, Path]:
    """A CA of clients that the files name, and a client's certificate and key."""
    clients = Authority("Clients")
    files.client_ca.write_bytes(clients.pem)
    issued = clients.issue()
    own = files.folder / "client.pem"
    own.write_bytes(issued.pem + issued.key_pem())
    return clients, own


async def test_with_a_client_ca_only_its_clients_get_in(
    authority: Authority, files: Files, client_identity: tuple[Authority, Path]
) -> None:
    stranger = authority.issue()
    foreign = files.folder / "foreign.pem"
    foreign.write_bytes(stranger.pem + stranger.key_pem())
    async with running(build(), tls=Certificates(paths(files, client_ca=True))) as service:
        url = f"https://localhost:{service.port}/health"
        async with https(authority, client_identity[1]) as http:
            assert (await http.get(url)).status_code == 200
        for identity in (None, foreign):
            async with https(authority, identity) as http:
                with pytest.raises(httpx2.TransportError):
                    await http.get(url)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_after_a_reload_the_new_client_ca_decides(
    authority: Authority, files: Files, client_identity: tuple[Authority, Path], version: ssl.TLSVersion
) -> None:
    certificates = Certificates(paths(files, client_ca=True))
    async with running(build(), tls=certificates) as service:
        url = f"https://localhost:{service.port}/health"
        old = authority.client_context(client_identity[1])
        old.maximum_version = version
        async with httpx2.AsyncClient(verify=old, trust_env=False) as http:
            assert (await http.get(url)).status_code == 200
        successor = Authority("Clients, next")
        issued = successor.issue()
        own = files.folder / "next.pem"
        own.write_bytes(issued.pem + issued.key_pem())
        files.client_ca.write_bytes(successor.pem)
        certificates.reload()
        async with https(authority, own) as http:
            assert (await http.get(url)).status_code == 200
        async with httpx2.AsyncClient(verify=old, trust_env=False) as http:
            with pytest.raises(httpx2.TransportError):
                await http.get(url)


# Renewal


async def test_after_sighup_new_connections_get_the_new_certificate_and_open_ones_go_on(
    authority: Authority, files: Files
) -> None:
    renewed = authority.issue(ends=timedelta(days=10))
    trust = authority.client_context()
    with capture_logs() as logs:
        async with running(build(), tls=Certificates(paths(files))) as service, https(authority) as http:
            url = f"https://localhost:{service.port}/health"
            before = await presented(service.port, trust)
            first = await http.get(url)
            files.write(renewed)
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: "tls_reloaded" in [line["event"] for line in logs], 10)
            stream = (await http.get(url)).extensions["network_stream"]
            after = await presented(service.port, trust)
            still = stream.get_extra_info("ssl_object").getpeercert()["serialNumber"]
    assert first.status_code == 200
    assert (int(still, 16), int(after, 16)) == (int(before, 16), int(renewed.serial, 16))
    told = {line["event"]: line for line in logs}
    assert told["tls_reloaded"]["serial"] == renewed.serial
    assert "expires in 9 days" in told["tls_certificate_expires"]["problem"]


async def test_a_bad_new_certificate_keeps_the_old_one_and_says_why(
    authority: Authority, files: Files
) -> None:
    trust = authority.client_context()
    certificates = Certificates(paths(files))
    async with running(build(), tls=certificates) as service:
        before = await presented(service.port, trust)
        files.key.write_bytes(authority.issue().key_pem())
        with capture_logs() as logs:
            certificates.reload()
        assert await presented(service.port, trust) == before
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("tls_reload_failed", "error")
    assert str(files.key) in line["problems"][0]
    assert "does not belong" in line["problems"][0]
    assert "PRIVATE" not in str(line)


async def test_the_signal_is_handled_only_while_the_server_runs(files: Files) -> None:
    before = signal.getsignal(signal.SIGHUP)
    async with running(build(), tls=Certificates(paths(files))):
        assert signal.getsignal(signal.SIGHUP) != before
    assert signal.getsignal(signal.SIGHUP) == before
