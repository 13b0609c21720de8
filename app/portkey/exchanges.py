"""Exchanges on aiohttp's connections and through its parser.

aiohttp opens, keeps and closes the connections, with TLS, proxies and the name service, and reads and
decompresses the answers. What it makes of requests and responses between those two is left out: it takes
half of the CPU of such an exchange, and repeats requests by itself. This is the one file that relies on how
the two fit together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EofStream, StreamReader
from multidict import CIMultiDictProxy
from yarl import URL

from app.portkey.transport import ConnectFailed, HttpRequest, HttpResponse, ResponseTooLarge

UNOPENED: Final = "the connection could not be opened"
BROKEN: Final = (aiohttp.ClientError, HttpProcessingError, EofStream, OSError)
"""What is raised when there is no connection, and when one breaks."""

_NO_TIMEOUT: Final = aiohttp.ClientTimeout(total=None)
_SWITCHED: Final = 101
_FINAL: Final = 200
_MAX_ORIGINS: Final = 64
_MOST_SPOILED: Final = 8
"""Connections in a row that may have to be given up."""


class Exchange:
    """How far one exchange came.

    Attributes:
        sent: Whether something of the request may have left.
        status: The status, once the answer has begun.
    """

    __slots__ = ("sent", "status")

    def __init__(self) -> None:
        self.sent = False
        self.status: int | None = None


class Exchanges:
    """Makes exchanges on the connections of a connector.

    Args:
        connector: Opens and keeps the connections.
        proxy_for: Returns the proxy on the way to a URL; None when there is none.
    """

    def __init__(self, connector: aiohttp.BaseConnector, proxy_for: Callable[[URL], URL | None]) -> None:
        self._connector = connector
        self._proxy_for = proxy_for
        self._origins: dict[str, _Origin] = {}

    async def make(self, request: HttpRequest, exchange: Exchange) -> HttpResponse:
        """Make one exchange, without a bound on its time. Cancelling it ends the connection.

        Args:
            request: What to send.
            exchange: Is told how far it comes.

        Raises:
            ConnectFailed: The request cannot be written.
            ResponseTooLarge: The body is.
            Exception: One of `BROKEN`.
        """
        prefix, slash, target = _parts(request.url)
        origin = self._origins.get(prefix) or self._new_origin(prefix)
        data = _written(request, f"{slash}{target}" if origin.names_path else request.url, origin.head)
        connection, protocol, transport = await self._connection(origin)
        try:
            protocol.set_response_params(read_until_eof=True)
            exchange.sent = True
            transport.write(data)
            message, payload = await protocol.read()
            while message.code < _FINAL and message.code != _SWITCHED:
                message, payload = await protocol.read()
            exchange.status = message.code
            headers = _Headers(message.headers)
            body = await _body(payload, headers, request.max_bytes, message.code)
        except BaseException:
            connection.close()
            raise
        if transport.get_write_buffer_size():
            # The answer came before the whole request had left: the rest would stand before the next one.
            connection.close()
        else:
            # This closes it when the answer says so, or more has come than was asked for.
            connection.release()
        return HttpResponse(message.code, headers, body)

    async def _connection(self, origin: _Origin) -> tuple[Connection, ResponseHandler, asyncio.Transport]:
        for _ in range(_MOST_SPOILED):
            connection = await self._connector.connect(origin.request, [], _NO_TIMEOUT)
            protocol, transport = connection.protocol, connection.transport
            if (
                protocol is not None
                and transport is not None
                and not protocol.should_close
                and not transport.is_closing()
            ):
                return connection, protocol, transport
            # Closed by now; or something came while it was idle, which would pass for this request's answer.
            connection.close()
        raise ConnectFailed("the server closes its connections, or speaks before it is asked")

    def _new_origin(self, prefix: str) -> _Origin:
        if len(self._origins) >= _MAX_ORIGINS:
            self._origins.clear()
        try:
            url = URL(f"{prefix}/", encoded=True)
            if url.scheme not in ("http", "https") or url.raw_user is not None:
                raise ConnectFailed(UNOPENED)
            origin = _Origin(url, self._proxy_for(url))
        except ValueError as error:
            raise ConnectFailed(UNOPENED) from error
        self._origins[prefix] = origin
        return origin


class _Origin:
    """Where requests go.

    Attributes:
        request: Stands for any of them before the connector.
        names_path: Whether a request names its path alone; a proxy that is no tunnel wants the whole URL.
        head: What stands in the head of each of them, from the target on.
    """

    def __init__(self, url: URL, proxy: URL | None) -> None:
        user = None if proxy is None else aiohttp.BasicAuth.from_url(proxy)
        self.request = aiohttp.ClientRequest(
            "GET", url, proxy=proxy and proxy.with_user(None), proxy_auth=user
        )
        self.names_path = proxy is None or url.scheme == "https"
        header = "" if user is None or self.names_path else f"Proxy-Authorization: {user.encode()}\r\n"
        host = self.request.headers["Host"]
        self.head = f" HTTP/1.1\r\nHost: {host}\r\n{header}Accept-Encoding: gzip, deflate\r\n"


def _parts(url: str) -> tuple[str, str, str]:
    """Take a URL apart: scheme and authority, the slash, and what follows."""
    scheme, mark, rest = url.partition("://")
    authority, slash, target = rest.partition("/")
    return f"{scheme}{mark}{authority}", slash, target


def _written(request: HttpRequest, target: str, head: str) -> bytes:
    """Return all bytes of a request."""
    headers, body = request.headers, request.body
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if (
        not (target.isascii() and target.isprintable() and target)
        or " " in target
        or not lines.count("\r") == lines.count("\n") == len(headers)
        or "\0" in lines
    ):
        # What would end the line that it stands in, or be a request of its own.
        raise ConnectFailed("the request cannot be written as HTTP")
    if body is None and request.method == "GET":
        return f"GET {target}{head}{lines}\r\n".encode()
    body = body or b""
    return f"{request.method} {target}{head}{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _body(payload: StreamReader, headers: Mapping[str, str], max_bytes: int, status: int) -> bytes:
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise ResponseTooLarge(max_bytes, status=status)
    chunks: list[bytes] = []
    size = 0
    if payload.is_eof():
        # It came in one piece with its head, as most do.
        body = payload.read_nowait()
        if len(body) > max_bytes:
            raise ResponseTooLarge(max_bytes, status=status)
        return body
    while chunk := await payload.readany():
        size += len(chunk)
        if size > max_bytes:
            raise ResponseTooLarge(max_bytes, status=status)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class _Headers(Mapping[str, str]):
    """The headers of an answer by their lower-case names, read when they are asked for: few ever are."""

    __slots__ = ("_headers",)

    def __init__(self, headers: CIMultiDictProxy[str]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        values = self._headers.getall(name)
        return values[0] if len(values) == 1 else ", ".join(values)

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as a mapping's
        return self[name] if name in self._headers else default

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name in self._headers))

    def __len__(self) -> int:
        return sum(1 for _ in self)
