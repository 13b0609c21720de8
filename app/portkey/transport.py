"""The contract between the Portkey client and what carries its bytes.

A transport sends a request once. It follows no redirect, keeps no cookie and never repeats a request by
itself; each failure says whether any part of the request may have left this process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP exchange to make.

    Attributes:
        method: in capitals.
        url: absolute and already percent-encoded; it reaches the wire exactly as written.
        headers: sent as given; a transport adds only what HTTP itself needs.
        body: None sends no body.
        timeout: seconds for the whole exchange: waiting for a connection, connecting, sending, reading.
        max_bytes: largest response body to accept, counted after decompression.
        template: the path before its parameters were filled in, for whoever counts requests.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float
    max_bytes: int
    template: str = ""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete response. Header names are lower-case; the body is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Sends requests. Cancelling `send` aborts the exchange at once."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Make one exchange.

        Raises:
            TransportError: there is no complete response.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections. Sending afterwards raises `ConnectFailed`."""
        ...


class TransportError(Exception):
    """There is no complete response.

    Attributes:
        sent: False when nothing of the request left this process, so that repeating it is safe.
        status: the status, when the failure struck after the response had begun.
    """

    def __init__(self, reason: str, *, sent: bool, status: int | None = None) -> None:
        super().__init__(reason)
        self.sent = sent
        self.status = status


class ConnectFailed(TransportError):
    """No connection: the name did not resolve, nothing listens, or the TLS handshake failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, sent=False)


class ConnectionLost(TransportError):
    """The connection broke, or spoke no HTTP, after the request was on its way."""

    def __init__(self, reason: str, *, status: int | None = None) -> None:
        super().__init__(reason, sent=True, status=status)


class DeadlineExceeded(TransportError):
    """The exchange did not finish in time."""


class ResponseTooLarge(TransportError):
    """The response body is larger than `HttpRequest.max_bytes`; the rest was not read."""

    def __init__(self, limit: int, *, status: int | None) -> None:
        super().__init__(f"the response is larger than {limit:,} bytes", sent=True, status=status)
        self.limit = limit
