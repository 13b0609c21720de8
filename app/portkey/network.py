"""Carries requests over the network with aiohttp."""

from __future__ import annotations

import asyncio
import errno
import ssl
from typing import Final
from urllib.request import proxy_bypass

import aiohttp
from yarl import URL

from app.portkey.exchanges import BROKEN, UNOPENED, Exchange, Exchanges
from app.portkey.proxies import environment_proxies
from app.portkey.transport import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    HttpRequest,
    HttpResponse,
)

# Below the 5 s after which Node servers, Portkey's own gateway among them, close an idle connection: a write
# on a connection that is being closed cannot be repeated safely, so it should not start there.
IDLE_SECONDS: Final = 4.0
DNS_CACHE_SECONDS: Final = 60
MAX_CONNECTIONS: Final = 100


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
        self._connector: aiohttp.BaseConnector | None = None
        self._exchanges: Exchanges | None = None
        self._closed = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Make one exchange; see `Transport.send`."""
        if self._closed:
            raise ConnectFailed("the transport is closed")
        exchanges = self._exchanges or self._open()
        exchange = Exchange()
        try:
            async with asyncio.timeout(request.timeout):
                return await exchanges.make(request, exchange)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"no complete answer within {request.timeout:g} s", sent=exchange.sent, status=exchange.status
            ) from error
        except BROKEN as error:
            if not exchange.sent:
                raise ConnectFailed(_connect_reason(error)) from error
            lost = "the connection was lost before the answer was complete"
            raise ConnectionLost(lost, status=exchange.status) from error

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()

    def _open(self) -> Exchanges:
        self._connector = aiohttp.TCPConnector(
            limit=self._max_connections,
            keepalive_timeout=self._idle_seconds,
            ttl_dns_cache=DNS_CACHE_SECONDS,
            ssl=self._ssl,
        )
        self._exchanges = Exchanges(self._connector, self._proxy_for)
        return self._exchanges

    def _proxy_for(self, url: URL) -> URL | None:
        proxy = self._proxies.get(url.scheme)
        host = url.host or ""
        if proxy is None or proxy_bypass(f"{host}:{url.explicit_port}" if url.explicit_port else host):
            return None
        return URL(proxy)


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
    return UNOPENED
