"""What answers can look like on the wire, and that none of it ever passes for another request's answer."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.portkey.network import NetworkTransport
from app.portkey.transport import ConnectFailed, ConnectionLost, ResponseTooLarge
from tests.portkey.servers import DEADLINE, Connection, answer, drop, raw, request, wire_server
from tests.portkey.test_network import anyio_backend, certificate

__all__ = ["anyio_backend", "certificate"]

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
async def network() -> AsyncIterator[NetworkTransport]:
    transport = NetworkTransport(trust_env=False)
    yield transport
    await transport.aclose()


async def test_body_may_end_with_the_connection(network: NetworkTransport) -> None:
    async with wire_server(raw(b"HTTP/1.0 200 OK\r\n\r\nall of it"), answer()) as server:
        response = await network.send(request(f"{server.origin}/"))
        again = await network.send(request(f"{server.origin}/"))
        assert server.connections == 2
    assert response.body == b"all of it"
    assert again.body == b'{"ok":true}'


async def test_interim_answers_are_passed_over(network: NetworkTransport) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    reply = raw(interim + b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")
    async with wire_server(reply) as server:
        response = await network.send(request(f"{server.origin}/", "POST", b"{}"))
    assert (response.status, response.body) == (201, b"ok")
    assert "link" not in response.headers


@pytest.mark.parametrize("status", [204, 304])
async def test_some_answers_have_no_body_and_keep_the_connection(
    network: NetworkTransport, status: int
) -> None:
    async def reply(connection: Connection) -> bool:
        await connection.write(b"HTTP/1.1 %d X\r\nContent-Encoding: gzip\r\n\r\n" % status)
        return True

    async with wire_server(reply) as server:
        for _ in range(2):
            response = await network.send(request(f"{server.origin}/", "DELETE"))
            assert (response.status, response.body) == (status, b"")
        assert server.connections == 1


async def test_chunks_and_trailers(network: NetworkTransport) -> None:
    async def reply(connection: Connection) -> bool:
        await connection.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b"2\r\nab\r\n", b"3;x=y\r\ncde\r\n", b"0\r\nX-Late: 1\r\n\r\n"):
            await connection.write(piece)
            await asyncio.sleep(0)
        return True

    async with wire_server(reply) as server:
        for _ in range(2):
            response = await network.send(request(f"{server.origin}/"))
            assert response.body == b"abcde"
            assert "x-late" not in response.headers
        assert server.connections == 1


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("deflate", zlib.compress(b"x" * 5000)),
        ("deflate", zlib.compress(b"x" * 5000, wbits=-15)),
        ("gzip", gzip.compress(b"x" * 2000) + gzip.compress(b"x" * 3000)),
        ("GZIP", gzip.compress(b"x" * 5000)),
        ("identity", b"x" * 5000),
    ],
    ids=["deflate", "bare deflate", "two members", "capitals", "identity"],
)
async def test_compressed_bodies(network: NetworkTransport, encoding: str, body: bytes) -> None:
    async with wire_server(answer(200, body, Content_Encoding=encoding)) as server:
        response = await network.send(request(f"{server.origin}/"))
        assert "gzip" in server.requests[0].headers["accept-encoding"]
    assert response.body == b"x" * 5000


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_body_that_cannot_be_decompressed_is_a_lost_connection(
    network: NetworkTransport, encoding: str
) -> None:
    async with wire_server(answer(200, b"neither of them", Content_Encoding=encoding)) as server:
        with pytest.raises(ConnectionLost):
            await network.send(request(f"{server.origin}/"))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 30_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: " + b"b" * 400_000,
    ],
    ids=["two lengths", "negative", "both", "no chunk", "headers", "trailers"],
)
async def test_what_is_no_answer_ends_the_connection_at_once(network: NetworkTransport, head: bytes) -> None:
    async with wire_server(raw(head, then_hang=True)) as server:
        with pytest.raises(ConnectionLost):
            await network.send(request(f"{server.origin}/"))
        await server.all_closed()


async def test_excess_in_pieces_is_refused(network: NetworkTransport) -> None:
    async def reply(connection: Connection) -> bool:
        await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + b"x" * 20)
        return True

    async with wire_server(reply) as server:
        with pytest.raises(ResponseTooLarge):
            await network.send(request(f"{server.origin}/", max_bytes=19))
        assert (await network.send(request(f"{server.origin}/", max_bytes=20))).body == b"x" * 20
        assert server.connections == 2


@pytest.mark.parametrize("when", ["with the first", "while idle"])
async def test_an_answer_that_nobody_asked_for_is_given_to_nobody(
    network: NetworkTransport, when: str
) -> None:
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nfor you"
    is_idle = asyncio.Event()

    async def reply(connection: Connection) -> bool:
        if when == "while idle":
            await connection.write(EMPTY)
            await is_idle.wait()
            await connection.write(smuggled)
        else:
            await connection.write(EMPTY + smuggled)
        await connection.wait_for_hang_up()
        return False

    async with wire_server(reply, answer(200, b"mine")) as server:
        assert (await network.send(request(f"{server.origin}/"))).body == b""
        is_idle.set()
        async with asyncio.timeout(DEADLINE):
            await server.hang_ups.wait()
        assert (await network.send(request(f"{server.origin}/"))).body == b"mine"
        assert server.connections == 2


async def test_connection_that_the_server_will_close_is_not_used_again(network: NetworkTransport) -> None:
    async with wire_server(answer(200, Connection="close")) as server:
        await network.send(request(f"{server.origin}/"))
        await network.send(request(f"{server.origin}/", "POST"))
        assert server.connections == 2


async def test_answers_of_requests_side_by_side_are_not_mixed_up(network: NetworkTransport) -> None:
    async def echo(connection: Connection) -> bool:
        return await answer(200, connection.server.requests[-1].target.encode())(connection)

    async with wire_server(echo) as server:
        urls = [f"/{number}" for number in range(200)]
        answers = await asyncio.gather(*(network.send(request(server.origin + url)) for url in urls))
        assert [response.body.decode() for response in answers] == urls
        assert server.connections <= 100


async def test_waiting_for_a_connection_ends_when_one_is_free() -> None:
    network = NetworkTransport(max_connections=2, trust_env=False)
    async with wire_server(answer(), drop(), answer()) as server:
        sent = [network.send(request(f"{server.origin}/")) for _ in range(20)]
        results = await asyncio.gather(*sent, return_exceptions=True)
    await network.aclose()
    assert sum(isinstance(result, ConnectionLost) for result in results) == 1
    assert len(results) == 20
    assert server.connections <= 3


async def test_closing_ends_what_is_under_way() -> None:
    network = NetworkTransport(trust_env=False)
    async with wire_server(raw(b"", then_hang=True)) as server:
        call = asyncio.create_task(network.send(request(f"{server.origin}/")))
        await server.arrived.wait()
        await network.aclose()
        with pytest.raises(ConnectionLost):
            await call


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/a b", {}),
        ("/a\r\nX: y", {}),
        ("/ä", {}),
        ("", {}),
        ("/", {"X": "1\r\nY: 2"}),
        ("/", {"X": "1\n"}),
        ("/", {"X\r\nY": "1"}),
        ("/", {"X": "\0"}),
    ],
)
async def test_what_would_be_more_than_one_request_is_not_sent(
    network: NetworkTransport, path: str, headers: dict[str, str]
) -> None:
    async with wire_server(answer()) as server:
        with pytest.raises(ConnectFailed):
            await network.send(request(f"{server.origin}{path}", headers=headers))
        assert not server.requests


@pytest.mark.parametrize(
    "url", ["http://user:pw@127.0.0.1/", "http:///x", "http://[::1/", "http://h:99999/", "x"]
)
async def test_url_of_another_form_is_not_called(network: NetworkTransport, url: str) -> None:
    with pytest.raises(ConnectFailed):
        await network.send(request(url))


async def test_https_goes_through_a_tunnel_of_the_proxy(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    """The proxy sees where to, and nothing of the request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def tunnel(connection: Connection) -> bool:
        target = connection.server.requests[-1].target
        reader, writer = await asyncio.open_connection(*target.rsplit(":", 1))
        await connection.write(b"HTTP/1.1 200 Connection established\r\nVia: p\r\n\r\n")
        await asyncio.gather(_copy(connection.reader, writer), _copy(reader, connection.writer))
        return False

    async with wire_server(answer(), tls=context) as server, wire_server(tunnel) as proxy:
        monkeypatch.setenv("https_proxy", f"http://user:p%40ss@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "elsewhere.invalid")
        network = NetworkTransport(ssl_context=ssl.create_default_context(cafile=certificate))
        for _ in range(2):
            url = f"https://127.0.0.1:{server.port}/v1/x"
            assert (await network.send(request(url, headers={"X-Key": "k"}))).status == 200
        await network.aclose()
        await server.all_closed()
    assert [received.target for received in server.requests] == ["/v1/x", "/v1/x"]
    (seen,) = proxy.requests
    assert (seen.method, seen.target) == ("CONNECT", f"127.0.0.1:{server.port}")
    assert seen.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"
    assert "x-key" not in seen.headers


@pytest.mark.parametrize(
    "reply", [b"", b"HTTP/1.1 200 OK", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nearly"]
)
async def test_proxy_that_speaks_no_http_sent_nothing(monkeypatch: pytest.MonkeyPatch, reply: bytes) -> None:
    async with wire_server(raw(reply)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        network = NetworkTransport()
        with pytest.raises(ConnectFailed) as caught:
            await network.send(request("https://portkey.invalid/v1/x"))
        await network.aclose()
    assert caught.value.sent is False


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
