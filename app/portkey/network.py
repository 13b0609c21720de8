"""Carries requests over the network, on pooled connections that are kept alive."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable
from typing import Final, TypeVar

from app.portkey.connection import Connection
from app.portkey.dialing import Dialer, Origin, environment_proxies
from app.portkey.transport import ConnectFailed, DeadlineExceeded, HttpRequest, HttpResponse

# Below the 5 s after which Node servers, Portkey's own gateway among them, close an idle connection: a write
# on a connection that is being closed cannot be repeated safely, so it should not start there.
IDLE_SECONDS: Final = 4.0
MAX_CONNECTIONS: Final = 100
_MAX_SITES: Final = 64

_T = TypeVar("_T")


class NetworkTransport:
    """Sends requests over pooled keep-alive connections.

    Waiting for a free connection counts towards the request's timeout. Proxies come from HTTPS_PROXY,
    HTTP_PROXY and NO_PROXY, read once; `.netrc` is never read. The pool belongs to the event loop of the
    first request.

    httptools frames the answers. Of a general client for HTTP, such as aiohttp, this needs little, and such a
    client costs four times as much CPU a request: more than all else that a call of a tool takes.
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
            max_connections: requests under way at the same time; further ones wait.
            idle_seconds: a connection idle for longer is not used again.
            trust_env: use the proxies named by the environment.
            ssl_context: trust for https; the system's when None.

        Raises:
            ValueError: a proxy of the environment is not http.
        """
        self._idle_seconds = idle_seconds
        self._proxies = environment_proxies() if trust_env else {}
        self._sites: dict[tuple[str, str], _Site] = {}
        self._dialer = Dialer(ssl_context)
        self._slots = asyncio.Semaphore(max_connections)
        self._busy: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Make one exchange; see `Transport.send`."""
        if self._closed:
            raise ConnectFailed("the transport is closed")
        site, data = self._written(request)
        loop = asyncio.get_running_loop()
        until = loop.time() + request.timeout
        if self._slots.locked():
            await _in_time(self._slots.acquire(), request, until)
        else:
            await self._slots.acquire()
        try:
            connection = self._kept(site, loop.time())
            if connection is None:
                connection = await _in_time(self._dialer.open(site.origin), request, until)
            self._busy.add(connection)
            try:
                return await connection.exchange(data, request, until)
            finally:
                self._busy.discard(connection)
                self._take_back(site, connection, loop)
        finally:
            self._slots.release()

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for site in self._sites.values():
            site.close()
        for connection in tuple(self._busy):
            connection.abort()

    def _written(self, request: HttpRequest) -> tuple[_Site, bytes]:
        """Return where a request goes, and all of its bytes."""
        scheme, _, rest = request.url.partition("://")
        authority, slash, target = rest.partition("/")
        site = self._sites.get((scheme, authority)) or self._new_site(scheme, authority)
        target = f"{slash}{target}" if site.is_direct else request.url
        headers = request.headers
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if (
            not (target.isascii() and target.isprintable() and slash)
            or " " in target
            or not lines.count("\r") == lines.count("\n") == len(headers)
            or "\0" in lines
        ):
            # What would end the line it stands in, or be a request of its own.
            raise ConnectFailed("the request cannot be written as HTTP")
        body = request.body
        if body is None and request.method == "GET":
            return site, f"GET {target}{site.head}{lines}\r\n".encode()
        body = body or b""
        head = f"{request.method} {target}{site.head}{lines}Content-Length: {len(body)}\r\n\r\n"
        return site, head.encode() + body

    def _new_site(self, scheme: str, authority: str) -> _Site:
        if len(self._sites) >= _MAX_SITES:
            self._sites.pop(next(iter(self._sites))).close()
        site = _Site(Origin.parse(scheme, authority, self._proxies))
        self._sites[scheme, authority] = site
        return site

    def _kept(self, site: _Site, now: float) -> Connection | None:
        """Return an idle connection that can be used, the last one that was."""
        while site.idle:
            since, connection = site.idle.pop()
            if connection.is_reusable and now - since < self._idle_seconds:
                return connection
            connection.close()
        return None

    def _take_back(self, site: _Site, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        if self._closed or not connection.is_reusable:
            connection.close()
            return
        site.idle.append((loop.time(), connection))
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_seconds, self._close_idle, loop)

    def _close_idle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close what has been idle for too long, and look again while there is more."""
        self._sweep = None
        oldest = loop.time() - self._idle_seconds
        for site in self._sites.values():
            while site.idle and site.idle[0][0] <= oldest:
                site.idle.popleft()[1].close()
            if site.idle and self._sweep is None:
                self._sweep = loop.call_later(self._idle_seconds, self._close_idle, loop)


class _Site:
    """An origin with its idle connections, oldest first.

    Attributes:
        origin: The origin.
        is_direct: Whether requests name their path alone; a proxy wants the whole URL.
        head: What stands in the head of each request, from the target on.
        idle: Since when, and which.
    """

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.is_direct = origin.proxy is None or origin.tls
        proxy = "" if origin.proxy is None or origin.tls else origin.proxy.header
        self.head = f" HTTP/1.1\r\nHost: {origin.authority}\r\n{proxy}Accept-Encoding: gzip, deflate\r\n"
        self.idle: deque[tuple[float, Connection]] = deque()

    def close(self) -> None:
        """Close the idle connections."""
        while self.idle:
            self.idle.pop()[1].close()


async def _in_time(work: Awaitable[_T], request: HttpRequest, until: float) -> _T:
    """Wait for what comes before the request is sent."""
    try:
        async with asyncio.timeout_at(until):
            return await work
    except TimeoutError as error:
        raise DeadlineExceeded(f"no complete answer within {request.timeout:g} s", sent=False) from error
