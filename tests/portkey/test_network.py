from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.portkey.network import NetworkTransport
from app.portkey.transport import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    ResponseTooLarge,
)
from tests.portkey.servers import DEADLINE, Connection, answer, drop, raw, request, wire_server


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
        pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
    ],
)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both event loops the service runs on."""
    backend: tuple[str, dict[str, bool]] = request.param
    return backend


@pytest.fixture
async def network() -> AsyncIterator[NetworkTransport]:
    transport = NetworkTransport(trust_env=False)
    yield transport
    await transport.aclose()


async def test_carries_status_headers_and_body(network: NetworkTransport) -> None:
    async with wire_server(answer(201, b"hello", X_Request_Id="r1", Via="a")) as server:
        response = await network.send(request(f"{server.origin}/v1/x"))
    assert (response.status, response.body) == (201, b"hello")
    assert response.headers["x-request-id"] == "r1"
    assert response.headers["via"] == "a"


async def test_joins_repeated_headers(network: NetworkTransport) -> None:
    reply = raw(b"HTTP/1.1 200 OK\r\nVia: a\r\nVia: b\r\nContent-Length: 0\r\n\r\n")
    async with wire_server(reply) as server:
        response = await network.send(request(f"{server.origin}/"))
    assert response.headers["via"] == "a, b"
    assert response.body == b""


async def test_sends_exactly_the_headers_and_body_it_is_given(network: NetworkTransport) -> None:
    async with wire_server(answer()) as server:
        await network.send(request(f"{server.origin}/", "POST", b"{}", headers={"X-Own": "1"}))
        await network.send(request(f"{server.origin}/", "POST"))
    with_body, without = server.requests
    assert with_body.body == b"{}"
    assert with_body.headers["x-own"] == "1"
    assert "content-type" not in with_body.headers
    assert "user-agent" not in with_body.headers
    assert (without.body, without.headers["content-length"]) == (b"", "0")


async def test_url_reaches_the_wire_as_written(network: NetworkTransport) -> None:
    target = "/v1/a/%2E%2E/%2e/b%2Fc/%41?q=%20%2B&q=%7E"
    async with wire_server(answer()) as server:
        await network.send(request(server.origin + target))
    assert server.requests[0].target == target


async def test_reads_gzip(network: NetworkTransport) -> None:
    async with wire_server(answer(200, gzip.compress(b"x" * 1000), Content_Encoding="gzip")) as server:
        response = await network.send(request(f"{server.origin}/"))
    assert response.body == b"x" * 1000


async def test_limit_counts_decompressed_bytes(network: NetworkTransport) -> None:
    bomb = gzip.compress(b"x" * 5_000_000)
    async with wire_server(answer(200, bomb, Content_Encoding="gzip")) as server:
        with pytest.raises(ResponseTooLarge) as caught:
            await network.send(request(f"{server.origin}/", max_bytes=10_000))
    assert (caught.value.limit, caught.value.status, caught.value.sent) == (10_000, 200, True)


async def test_announced_excess_is_refused_without_reading(network: NetworkTransport) -> None:
    reply = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", then_hang=True)
    async with wire_server(reply) as server:
        with pytest.raises(ResponseTooLarge):
            await network.send(request(f"{server.origin}/", max_bytes=10))


async def test_endless_body_stops_at_the_limit_and_hangs_up(network: NetworkTransport) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with wire_server(raw(head + b"400\r\n" + b"x" * 1024 + b"\r\n", then_hang=True)) as server:
        with pytest.raises(ResponseTooLarge):
            await network.send(request(f"{server.origin}/", max_bytes=1000))
        async with asyncio.timeout(DEADLINE):
            await server.hang_ups.wait()


async def test_body_of_exactly_the_limit_is_accepted(network: NetworkTransport) -> None:
    async with wire_server(answer(200, b"x" * 1000)) as server:
        response = await network.send(request(f"{server.origin}/", max_bytes=1000))
    assert len(response.body) == 1000


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 200),
        (b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n", 503),
    ],
    ids=["silent", "half a body", "no chunk"],
)
async def test_stalled_answer_hits_the_deadline_and_hangs_up(
    network: NetworkTransport, head: bytes, status: int | None
) -> None:
    async with wire_server(raw(head, then_hang=True)) as server:
        with pytest.raises(DeadlineExceeded) as caught:
            await network.send(request(f"{server.origin}/", timeout=0.3))
        async with asyncio.timeout(DEADLINE):
            await server.hang_ups.wait()
    assert (caught.value.sent, caught.value.status) == (True, status)


async def test_deadline_while_waiting_for_a_connection_sent_nothing() -> None:
    network = NetworkTransport(max_connections=1, trust_env=False)
    async with wire_server(raw(b"", then_hang=True)) as server:
        holder = asyncio.create_task(network.send(request(f"{server.origin}/held")))
        await server.arrived.wait()
        with pytest.raises(DeadlineExceeded) as caught:
            await network.send(request(f"{server.origin}/waiting", "POST", timeout=0.05))
        holder.cancel()
        await asyncio.gather(holder, return_exceptions=True)
    await network.aclose()
    assert caught.value.sent is False
    assert [received.target for received in server.requests] == ["/held"]


async def test_nothing_listening_sent_nothing(network: NetworkTransport, unused_port: int) -> None:
    with pytest.raises(ConnectFailed, match="refused") as caught:
        await network.send(request(f"http://127.0.0.1:{unused_port}/"))
    assert caught.value.sent is False


async def test_unknown_name_sent_nothing(network: NetworkTransport) -> None:
    with pytest.raises(ConnectFailed, match="does not resolve"):
        await network.send(request("http://nowhere.invalid/"))


async def test_failed_tls_handshake_sent_nothing(network: NetworkTransport) -> None:
    async def speak_plain_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(speak_plain_http, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    with pytest.raises(ConnectFailed, match="TLS handshake failed"):
        await network.send(request(f"https://127.0.0.1:{port}/"))
    listener.close()


async def test_invalid_url_sent_nothing(network: NetworkTransport) -> None:
    with pytest.raises(ConnectFailed, match="could not be opened"):
        await network.send(request("ftp://127.0.0.1/"))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_dropped_request_is_reported_and_never_repeated(network: NetworkTransport, method: str) -> None:
    """The HTTP library repeats idempotent methods by itself when a reused connection drops."""
    async with wire_server(answer(), drop()) as server:
        await network.send(request(f"{server.origin}/warm-up"))
        with pytest.raises(ConnectionLost) as caught:
            await network.send(request(f"{server.origin}/", method))
    assert (caught.value.sent, caught.value.status) == (True, None)
    assert server.connections == 1
    assert [received.method for received in server.requests] == ["GET", method]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 200),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf", 200),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n", None),
    ],
    ids=["half a body", "broken gzip", "no HTTP", "endless header"],
)
async def test_broken_answer_is_a_lost_connection(
    network: NetworkTransport, data: bytes, status: int | None
) -> None:
    async with wire_server(raw(data)) as server:
        with pytest.raises(ConnectionLost) as caught:
            await network.send(request(f"{server.origin}/"))
    assert caught.value.status == status


async def test_redirects_are_not_followed(network: NetworkTransport) -> None:
    async with wire_server(answer(307, Location="/elsewhere")) as server:
        response = await network.send(request(f"{server.origin}/"))
    assert response.status == 307
    assert len(server.requests) == 1


async def test_cookies_are_not_kept(network: NetworkTransport) -> None:
    async with wire_server(answer(200, Set_Cookie="a=1")) as server:
        await network.send(request(f"{server.origin}/"))
        await network.send(request(f"{server.origin}/"))
    assert "cookie" not in server.requests[1].headers


async def test_connections_are_reused(network: NetworkTransport) -> None:
    async with wire_server(answer()) as server:
        for _ in range(3):
            await network.send(request(f"{server.origin}/"))
        assert server.connections == 1


async def test_connection_idle_for_too_long_is_not_used_again() -> None:
    network = NetworkTransport(idle_seconds=0, trust_env=False)
    async with wire_server(answer()) as server:
        await network.send(request(f"{server.origin}/"))
        await network.send(request(f"{server.origin}/", "POST"))
        assert server.connections == 2
    await network.aclose()


async def test_write_after_the_server_closed_the_idle_connection_succeeds(network: NetworkTransport) -> None:
    async def close_after_answer(connection: Connection) -> bool:
        await answer()(connection)
        return False

    async with wire_server(close_after_answer) as server:
        await network.send(request(f"{server.origin}/"))
        await server.all_closed()
        # One turn of the loop with I/O, in which the client sees the end of the connection.
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.close()
        await reader.read()
        response = await network.send(request(f"{server.origin}/", "POST"))
    assert response.status == 200
    assert [received.method for received in server.requests] == ["GET", "POST"]


async def test_cancelling_hangs_up_at_once(network: NetworkTransport) -> None:
    async with wire_server(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", then_hang=True)) as server:
        call = asyncio.create_task(network.send(request(f"{server.origin}/")))
        await server.arrived.wait()
        call.cancel()
        async with asyncio.timeout(DEADLINE):
            await server.hang_ups.wait()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_closed_transport_sends_nothing(network: NetworkTransport) -> None:
    async with wire_server(answer()) as server:
        await network.send(request(f"{server.origin}/"))
        await network.aclose()
        await network.aclose()
        with pytest.raises(ConnectFailed, match="closed"):
            await network.send(request(f"{server.origin}/"))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and self-signed certificate of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    return path


async def test_https_needs_a_trusted_certificate(network: NetworkTransport, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusting = NetworkTransport(trust_env=False, ssl_context=ssl.create_default_context(cafile=certificate))
    async with wire_server(answer(), tls=context) as server:
        url = f"https://127.0.0.1:{server.port}/"
        with pytest.raises(ConnectFailed, match="certificate is not trusted"):
            await network.send(request(url))
        response = await trusting.send(request(url))
    await trusting.aclose()
    assert response.status == 200


async def test_proxy_of_the_environment_is_used_with_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    async with wire_server(answer()) as proxy:
        monkeypatch.setenv("http_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "elsewhere.invalid")
        network = NetworkTransport()
        response = await network.send(request("http://portkey.invalid/v1/a%2Fb"))
        await network.aclose()
    assert response.status == 200
    assert proxy.requests[0].target == "http://portkey.invalid/v1/a%2Fb"
    assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")


async def test_no_proxy_is_respected(monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with wire_server(answer()) as server:
        network = NetworkTransport()
        response = await network.send(request(f"{server.origin}/"))
        await network.aclose()
    assert response.status == 200


async def test_proxy_that_refuses_the_tunnel_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with wire_server(answer(403)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        network = NetworkTransport()
        with pytest.raises(ConnectFailed, match="proxy"):
            await network.send(request("https://portkey.invalid/v1/x", headers={"x-portkey-api-key": "k"}))
        await network.aclose()
    assert proxy.requests[0].method == "CONNECT"
    assert "x-portkey-api-key" not in proxy.requests[0].headers


def test_proxy_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://user:secret@127.0.0.1:1080")
    with pytest.raises(ValueError, match="HTTPS_PROXY must start with http://") as caught:
        NetworkTransport()
    assert "secret" not in str(caught.value)
