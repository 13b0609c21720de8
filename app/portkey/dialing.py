"""Opens connections: names to addresses, proxies, TLS."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohappyeyeballs
from aiohappyeyeballs import AddrInfoType

from app.portkey.connection import Connection
from app.portkey.transport import ConnectFailed

DNS_CACHE_SECONDS: Final = 60
_NEXT_ADDRESS_SECONDS: Final = 0.25
_MAX_PROXY_HEAD: Final = 65_536
_PORTS: Final = {"http": 80, "https": 443}
_UNOPENED: Final = "the connection could not be opened"
_NO_TUNNEL: Final = "the proxy did not open a connection"


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy.

    Attributes:
        host: Its name or address.
        port: Its port.
        header: The line of a request's head with its user and password; empty when it has none.
    """

    host: str
    port: int
    header: str

    @classmethod
    def parse(cls, url: str) -> Proxy:
        """Read `http://user:password@host:port`.

        Raises:
            ValueError: It is none.
        """
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError("not an http proxy")
        header = ""
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            header = f"Proxy-Authorization: Basic {b64encode(user.encode()).decode()}\r\n"
        return cls(parts.hostname, parts.port or _PORTS["http"], header)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where requests go: scheme, host and port, and the proxy on the way."""

    tls: bool
    host: str
    port: int
    authority: str
    proxy: Proxy | None

    @classmethod
    def parse(cls, scheme: str, authority: str, proxies: Mapping[str, Proxy]) -> Origin:
        """Read the first two parts of a URL.

        Raises:
            ConnectFailed: They are not such.
        """
        try:
            parts = urlsplit(f"{scheme}://{authority}/")
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ConnectFailed(_UNOPENED) from error
        if parts.scheme not in _PORTS or not host or parts.netloc != authority or "@" in authority:
            raise ConnectFailed(_UNOPENED)
        bracketed = f"[{host}]" if ":" in host else host
        return cls(
            tls=parts.scheme == "https",
            host=host,
            port=port or _PORTS[parts.scheme],
            authority=bracketed if port in (None, _PORTS[parts.scheme]) else f"{bracketed}:{port}",
            proxy=None if not proxies or _spared(host, port) else proxies.get(parts.scheme),
        )


class Dialer:
    """Opens connections to origins. An answer of the name service is used for `DNS_CACHE_SECONDS`.

    Args:
        ssl_context: Trust for https; the system's when None.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl = ssl_context
        self._found: dict[tuple[str, int], tuple[float, list[AddrInfoType]]] = {}
        self._looking = asyncio.Lock()

    async def open(self, origin: Origin) -> Connection:
        """Open a connection. Whoever bounds the time cancels this, and nothing is left open.

        Raises:
            ConnectFailed: There is none.
        """
        proxy = origin.proxy
        try:
            plain = await self._reach(*((proxy.host, proxy.port) if proxy else (origin.host, origin.port)))
        except (OSError, RuntimeError) as error:
            raise ConnectFailed(_NO_TUNNEL if proxy else _reason(error)) from error
        try:
            if proxy and origin.tls:
                await _tunnel(plain, origin, proxy)
            loop = asyncio.get_running_loop()
            if origin.tls:
                _, connection = await loop.create_connection(
                    Connection, sock=plain, ssl=self._context(), server_hostname=origin.host
                )
            else:
                _, connection = await loop.create_connection(Connection, sock=plain)
        except BaseException as error:
            # uvloop leaves it open when it is cancelled.
            with contextlib.suppress(OSError):
                plain.close()
            if isinstance(error, OSError):
                raise ConnectFailed(_reason(error)) from error
            raise
        return connection

    async def _reach(self, host: str, port: int) -> socket.socket:
        addresses = await self._resolve(host, port)
        try:
            return await aiohappyeyeballs.start_connection(
                addresses, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS, interleave=1
            )
        except (OSError, RuntimeError):
            # The name may stand for another address by now.
            self._found.pop((host, port), None)
            raise

    async def _resolve(self, host: str, port: int) -> list[AddrInfoType]:
        loop = asyncio.get_running_loop()
        # One question at a time: those who wait for the same name find its answer.
        async with self._looking:
            until, addresses = self._found.get((host, port), (0.0, []))
            if loop.time() < until:
                return addresses
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = cast("list[AddrInfoType]", found)
            self._found[host, port] = loop.time() + DNS_CACHE_SECONDS, addresses
            return addresses

    def _context(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = ssl.create_default_context()
            self._ssl.set_alpn_protocols(["http/1.1"])
        return self._ssl


async def _tunnel(plain: socket.socket, origin: Origin, proxy: Proxy) -> None:
    """Have the proxy connect this socket to the origin.

    Raises:
        OSError: It broke off.
        ConnectFailed: It does not.
    """
    loop = asyncio.get_running_loop()
    bracketed = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{bracketed}:{origin.port}"
    head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{proxy.header}\r\n"
    answer = b""
    try:
        await loop.sock_sendall(plain, head.encode())
        while b"\r\n\r\n" not in answer and len(answer) < _MAX_PROXY_HEAD:
            piece = await loop.sock_recv(plain, _MAX_PROXY_HEAD)
            if not piece:
                break
            answer += piece
    except OSError as error:
        raise ConnectFailed(_NO_TUNNEL) from error
    version, _, status = answer.partition(b" ")
    # Behind the head comes nothing before we have spoken.
    if not version.startswith(b"HTTP/1.") or not status.startswith(b"2") or not answer.endswith(b"\r\n\r\n"):
        raise ConnectFailed(_NO_TUNNEL)


def environment_proxies() -> Mapping[str, Proxy]:
    """Return the proxies that the environment names, by the scheme of the URLs they are for.

    Raises:
        ValueError: One is not http.
    """
    proxies: dict[str, Proxy] = {}
    for scheme, url in getproxies().items():
        if scheme not in _PORTS:
            continue
        try:
            proxies[scheme] = Proxy.parse(url)
        except ValueError as error:
            raise ValueError(
                f"{scheme.upper()}_PROXY must start with http://; other kinds of proxy are not supported."
            ) from error
    return proxies


def _spared(host: str, port: int | None) -> bool:
    """Whether the environment says that this host is reached without a proxy."""
    return bool(proxy_bypass(f"{host}:{port}" if port else host))


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the host name does not resolve"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the server's TLS certificate is not trusted"
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake failed"
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return "the connection was refused"
    return _UNOPENED
