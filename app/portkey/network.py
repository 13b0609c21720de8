"""Carries requests over the network with aiohttp."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from app.portkey.proxies import environment_proxies
from app.portkey.transport import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    HttpRequest,
    HttpResponse,
    ResponseTooLarge,
    TransportError,
)

# Below the 5 s after which Node servers, Portkey's own gateway among them, close an idle connection: a write
# on a connection that is being closed cannot be repeated safely, so it should not start there.
IDLE_SECONDS: Final = 4.0
DNS_CACHE_SECONDS: Final = 60
MAX_CONNECTIONS: Final = 100


class _ClientRequest(aiohttp.ClientRequest):
    """Notes when a connection is there and the first byte may leave."""

    started = False

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        self.started = True
        return await super().send(conn)


class _Exchange:
    """Client middleware for one request: sends it once and remembers how far it came.

    aiohttp repeats GET, PUT and DELETE by itself when a reused connection drops. It does so on two exception
    types; turning them into ours here keeps the decision with the caller.
    """

    __slots__ = ("request", "status")

    def __init__(self) -> None:
        self.request: aiohttp.ClientRequest | None = None
        self.status: int | None = None

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self.request = request
        try:
            return await handler(request)
        except (aiohttp.ClientError, OSError) as error:
            raise self.failure(error) from error

    @property
    def sent(self) -> bool:
        return isinstance(self.request, _ClientRequest) and self.request.started

    def failure(self, error: Exception) -> TransportError:
        if self.sent:
            return ConnectionLost(
                "the connection was lost before the answer was complete", status=self.status
            )
        return ConnectFailed(_connect_reason(error))


class NetworkTransport:
    """Sends requests over pooled keep-alive connections.

    Waiting for a free connection counts towards the request's timeout. Proxies come from HTTPS_PROXY,
    HTTP_PROXY and NO_PROXY, read once; `.netrc` is never read. The pool belongs to the event loop of the
    first request.
    """

    def __init__(
        self,
        *,
        max_connections: int = MAX_CONNECTIONS,
        idle_seconds: float = IDLE_SECONDS,
        trust_env: bool = True,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare; nothing is opened before the first request.

        Args:
            max_connections: connections open at the same time; further requests wait.
            idle_seconds: a connection idle for longer is not used again.
            trust_env: use the proxies named by the environment.
            ssl_context: trust for https; the system's when None.

        Raises:
            ValueError: a proxy of the environment is not http.
        """
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._ssl = ssl_context or True
        self._proxies = environment_proxies() if trust_env else {}
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Make one exchange; see `Transport.send`."""
        if self._closed:
            raise ConnectFailed("the transport is closed")
        session = self._session or self._open()
        exchange = _Exchange()
        try:
            async with asyncio.timeout(request.timeout):
                return await self._exchange(session, request, exchange)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"no complete answer within {request.timeout:g} s", sent=exchange.sent, status=exchange.status
            ) from error

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._max_connections,
                keepalive_timeout=self._idle_seconds,
                ttl_dns_cache=DNS_CACHE_SECONDS,
                ssl=self._ssl,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            # One deadline covers the exchange, in `send`: aiohttp's own would be rounded up to whole seconds.
            timeout=aiohttp.ClientTimeout(total=None),
            request_class=_ClientRequest,
            skip_auto_headers=("User-Agent", "Content-Type"),
        )
        return self._session

    async def _exchange(
        self, session: aiohttp.ClientSession, request: HttpRequest, exchange: _Exchange
    ) -> HttpResponse:
        try:
            response = await session.request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                proxy=self._proxy_for(request.url) if self._proxies else None,
                middlewares=(exchange,),
            )
        except aiohttp.ClientError as error:
            raise exchange.failure(error) from error
        exchange.status = response.status
        try:
            body = await _read(response, request.max_bytes)
        except aiohttp.ClientError as error:
            raise exchange.failure(error) from error
        finally:
            # After a complete body the connection is back in the pool and this does nothing.
            response.close()
        return HttpResponse(response.status, _lower(response), body)

    def _proxy_for(self, url: str) -> str | None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if proxy_bypass(f"{host}:{parts.port}" if parts.port else host):
            return None
        return self._proxies.get(parts.scheme)


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    announced = response.content_length
    if announced is not None and announced > max_bytes:
        raise ResponseTooLarge(max_bytes, status=response.status)
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > max_bytes:
            raise ResponseTooLarge(max_bytes, status=response.status)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _lower(response: aiohttp.ClientResponse) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _connect_reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name does not resolve"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the server's TLS certificate is not trusted"
    if isinstance(error, aiohttp.ClientSSLError):
        return "the TLS handshake failed"
    if isinstance(error, (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError)):
        return "the proxy did not open a connection"
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return "the connection was refused"
    return "the connection could not be opened"
