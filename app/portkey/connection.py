"""One HTTP/1.1 connection, with one exchange at a time on it."""

from __future__ import annotations

import asyncio
import zlib
from typing import Final, cast

import httptools

from app.portkey.transport import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    HttpRequest,
    HttpResponse,
    ResponseTooLarge,
    TransportError,
)

MAX_HEAD_BYTES: Final = 65_536
"""Bytes of headers and trailers; also of what frames a body, between two pieces of it."""

_LOST: Final = "the connection was lost before the answer was complete"
_NOT_HTTP: Final = "the answer is not valid HTTP"
_FINAL: Final = 200
_EITHER_FORMAT: Final = zlib.MAX_WBITS | 32
_DEFLATE: Final = 8


class Connection(asyncio.Protocol):
    """Sends requests one after the other and reads their answers, framed by httptools.

    An answer that is broken, late or too large, and a cancelled wait, end the connection at once. So does
    what comes without having been asked for: it must not pass for the answer to the next request.
    """

    _status: int | None
    _headers: dict[str, str]
    _header_bytes: int
    _body: list[bytes]
    _size: int
    _unframed: int
    _is_until_end: bool
    _inflater: _Inflater | None

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiting: asyncio.Future[HttpResponse] | None = None
        self._keep = True
        self._max_bytes = 0
        self._forget()

    @property
    def is_reusable(self) -> bool:
        """Whether another request may be sent on it."""
        transport = self._transport
        return (
            self._keep
            and transport is not None
            and not transport.is_closing()
            # An answer that came before the whole request had left.
            and not transport.get_write_buffer_size()
        )

    async def exchange(self, data: bytes, request: HttpRequest, until: float) -> HttpResponse:
        """Send a request and wait for its answer.

        Args:
            data: All bytes of the request.
            request: The request.
            until: When the answer must be complete, in the time of the loop.

        Raises:
            ConnectFailed: The other side has closed the connection; nothing was sent.
            TransportError: There is no complete answer; the request may have arrived.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectFailed("the connection was closed as soon as it was open")
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        self._max_bytes = request.max_bytes
        expiry = loop.call_at(until, self._expire, request.timeout)
        transport.write(data)
        try:
            return await self._waiting
        except BaseException:
            transport.abort()
            raise
        finally:
            expiry.cancel()
            self._waiting = None
            self._forget()

    def close(self) -> None:
        """Close it when no exchange is under way."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio's protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports are such by their methods alone.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read a piece of an answer."""
        if self._waiting is None or self._waiting.done():
            self._keep = False
            self.abort()
            return
        self._unframed += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # With a failure of its own, if a callback left the parser.
            self._fail(ConnectionLost(_NOT_HTTP, status=self._status))
        if self._unframed > MAX_HEAD_BYTES + len(data):
            self._fail(ConnectionLost(_NOT_HTTP, status=self._status))

    def eof_received(self) -> None:
        """Note that no more comes; asyncio then closes the connection."""
        self._keep = False

    def connection_lost(self, error: Exception | None) -> None:
        """End the exchange under way: well, when the end of the connection is that of the body."""
        self._keep = False
        if error is None and self._status is not None and self._is_until_end:
            self._complete()
        else:
            self._fail(ConnectionLost(_LOST, status=self._status))

    # httptools' callbacks

    def on_message_begin(self) -> None:
        """Begin an answer; a second one was not asked for."""
        if self._waiting is None or self._waiting.done():
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. What comes after the head is a trailer, and not kept."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEAD_BYTES:
            self._fail(ConnectionLost(_NOT_HTTP, status=self._status))
        if self._status is not None:
            return
        key = name.lower().decode("ascii", "surrogateescape")
        text = value.decode("utf-8", "surrogateescape")
        known = self._headers.get(key)
        self._headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        """See what kind of body follows."""
        status = self._parser.get_status_code()
        if status < _FINAL:
            # The answer itself is still to come. A switch of protocols leaves the parser by itself.
            return
        self._status = status
        headers = self._headers
        announced = headers.get("content-length")
        if announced is None:
            self._is_until_end = "transfer-encoding" not in headers
        elif int(announced) > self._max_bytes:
            self._fail(ResponseTooLarge(self._max_bytes, status=status))
        encoding = headers.get("content-encoding")
        if encoding is not None and encoding.lower() != "identity":
            self._inflater = _Inflater(encoding.lower())

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._unframed = 0
        room = self._max_bytes - self._size
        if self._inflater is not None:
            try:
                data = self._inflater.feed(data, room + 1)
            except (zlib.error, ValueError):
                self._fail(ConnectionLost(_NOT_HTTP, status=self._status))
                return
        if len(data) > room:
            self._fail(ResponseTooLarge(self._max_bytes, status=self._status))
            return
        self._size += len(data)
        self._body.append(data)

    def on_message_complete(self) -> None:
        """End the exchange, unless this was an interim answer."""
        if self._status is None:
            self._headers = {}
            return
        self._keep = self._keep and self._parser.should_keep_alive()
        self._complete()

    def _complete(self) -> None:
        waiting, status = self._waiting, self._status
        if waiting is None or waiting.done() or status is None:
            return
        if self._inflater is not None and not self._inflater.is_complete:
            self._fail(ConnectionLost(_LOST, status=status))
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        waiting.set_result(HttpResponse(status, self._headers, body))

    def _fail(self, error: TransportError) -> None:
        self._keep = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)
        self.abort()

    def _expire(self, timeout: float) -> None:
        reason = f"no complete answer within {timeout:g} s"
        self._fail(DeadlineExceeded(reason, sent=True, status=self._status))

    def _forget(self) -> None:
        self._status = None
        self._headers = {}
        self._header_bytes = self._size = self._unframed = 0
        self._body = []
        self._is_until_end = False
        self._inflater = None


class _Inflater:
    """Decompresses a body as it comes.

    Args:
        encoding: Its Content-Encoding in lower case.
    """

    def __init__(self, encoding: str) -> None:
        self._known = encoding in ("gzip", "x-gzip", "deflate")
        self._is_deflate = encoding == "deflate"
        self._bits = _EITHER_FORMAT
        self._stream: zlib._Decompress | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing at the end; an empty body is whole."""
        return self._stream is None or self._stream.eof

    def feed(self, data: bytes, most: int) -> bytes:
        """Return what the piece holds, or the first `most` bytes of it.

        Raises:
            zlib.error: It is broken.
            ValueError: It is compressed in a way that nobody asked for.
        """
        if not self._known:
            raise ValueError
        if self._stream is None and self._is_deflate and data[0] & 0x0F != _DEFLATE:
            # Some servers send deflate without the header that the name stands for.
            self._bits = -zlib.MAX_WBITS
        shown = b""
        while data and len(shown) < most:
            # gzip may come in several members, one after the other.
            if self._stream is None or self._stream.eof:
                self._stream = zlib.decompressobj(self._bits)
            shown += self._stream.decompress(data, most - len(shown))
            data = self._stream.unused_data
        return shown
