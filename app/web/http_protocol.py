"""uvicorn's httptools protocol, made for clients that mean no good.

httptools itself takes heads of any size that arrive as slowly as a client likes, lets trailers pass for
headers, and loses the body of a request that asks for an upgrade.
"""

from __future__ import annotations

import asyncio
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.web.http_answer import HttpAnswer
from app.web.refusals import (
    BAD_TARGET,
    HEAD_TOO_LARGE,
    HEAD_TOO_SLOW,
    MALFORMED,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MAX_TARGET_BYTES,
    NO_PROXY,
    ONLY_CHUNKED,
    ONLY_HTTP_1,
    TARGET_TOO_LONG,
    TWO_HOSTS,
    refusal_bytes,
)

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from app.web.refusals import Refusal

HEAD_TIMEOUT: Final = 30.0
"""Seconds from a connection's first byte being due to the end of a request's head."""
LEFTOVER_TIMEOUT: Final = 30.0
"""Seconds for the rest of a body whose request has been answered."""
STALLED_TIMEOUT: Final = 60.0
"""Seconds for which a client may leave an answer unread."""
DUE_SECONDS: Final = 0.5
"""How long a server that stops waits for a request that is due: a connection is new, or a head has begun."""
LINGER_SECONDS: Final = 2.0
"""How long a refused client may go on sending, so that it comes to read why it was refused."""

_VERSIONS: Final = frozenset({"1.0", "1.1"})
_SCHEMES: Final = frozenset({b"http", b"https"})
_PER_HEADER: Final = len(b": \r\n")
_TARGETS_REMEMBERED: Final = 64


class _RefusedError(Exception):
    """Leaves the parser from within one of its callbacks; it stops for good."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """Answers what cannot be a request with a JSON error and closes the connection.

    - Heads: at most `MAX_HEADERS` headers and `MAX_HEAD_BYTES` (and the chunk that exceeded it), else 431; a
      target of at most `MAX_TARGET_BYTES`, else 414; within `head_timeout`, else 408.
    - Trailers are left out, and count like headers.
    - Framing that another server may read differently is 400, in the middle of a body too.
    - An upgrade is declined as RFC 9110, section 7.8, has it: the request is answered over HTTP/1.1.
    - Between requests uvicorn's keep-alive timeout rules; a client that owes the rest of an answered request,
      or that does not read, is given up.
    """

    head_timeout = HEAD_TIMEOUT
    leftover_timeout = LEFTOVER_TIMEOUT
    stalled_timeout = STALLED_TIMEOUT
    _in_head = False
    _in_body = False
    _upgrade = False
    _head_bytes = 0
    _headers = 0
    _begun = 0
    _found = MALFORMED
    _refusal: Refusal | None = None
    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _ended = False
    _quiet_since = 0.0
    _has_asked = False

    # --- the connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for the first request."""
        super().connection_made(transport)
        self._quiet_since = self.loop.time()
        self._start_timer(self.head_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_timer()
        self.resume_writing()
        self._ended = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse `data`, and give up on a head that has become too large."""
        if self._ended or self._refusal is not None:
            return
        self._unset_keepalive_if_required()
        was_in_body = self._in_body
        self._begun = int(self._in_head)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(self._found)
            return
        if self._in_head and self._begun == 1 and not was_in_body:
            # All of `data` is of this head.
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(HEAD_TOO_LARGE)
                return
        if self._in_head or (self._is_idle() and not self._in_body):
            # Blank lines between requests stop uvicorn's timeout and start nothing.
            self._start_timer(self.head_timeout)

    def pause_writing(self) -> None:
        """Start waiting for a client that does not read."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self.stalled_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting for it."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    # --- when the server stops ---

    @property
    def answers(self) -> bool:
        """Whether a request is being answered."""
        return not self._is_idle()

    def close_when_quiet_for(self, seconds: float) -> None:
        """Close if no request came for so long: whoever keeps idle connections for less does it first.

        Closing at once would meet requests on their way, of which their senders cannot know whether they
        were served. A request that is due gets `DUE_SECONDS` in any case.
        """
        is_due = self._in_head or not self._has_asked
        patience = max(seconds, DUE_SECONDS) if is_due else seconds
        if (
            self._is_idle()
            and self.loop.time() - self._quiet_since >= patience
            and not self.transport.is_closing()
        ):
            self.transport.close()

    # --- what the parser finds ---

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        super().on_message_begin()
        self._quiet_since = self.loop.time()
        self._begun += 1
        self._in_head = True
        self._head_bytes = self._headers = 0
        self._stop_timer()

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._stop_parsing(TARGET_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is only counted."""
        self._headers += 1
        self._head_bytes += len(name) + len(value) + _PER_HEADER
        if self._headers > MAX_HEADERS or self._head_bytes > MAX_HEAD_BYTES:
            self._stop_parsing(HEAD_TOO_LARGE)
        if self._in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Judge the head as a whole, and start to serve the request."""
        refusal = self._judge_head()
        if refusal is not None:
            self._stop_parsing(refusal)
        self._upgrade = self.parser.should_upgrade()
        if self._upgrade:
            # The parser leaves the body out and stops; `_feed` begins anew.
            return
        self._in_head = False
        self._in_body = self._has_asked = True
        self._stop_timer()
        self._start_request()

    def on_message_complete(self) -> None:
        """Note that a request is whole."""
        if self._upgrade:
            return
        self._in_body = False
        if self.cycle.response_complete:
            self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request, and wait for the rest of this one if need be."""
        if self._refusal is not None and not self.pipeline:
            self._end(self._refusal)
            return
        super().on_response_complete()
        self._quiet_since = self.loop.time()
        if self._in_body and not self.pipeline:
            self._start_timer(self.leftover_timeout)

    def _start_request(self) -> None:
        """Do as uvicorn does, which would make the answer one of its own."""
        scope, version = self.scope, self.parser.get_http_version()
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"], scope["raw_path"], scope["query_string"] = _target(self.url)
        before: RequestResponseCycle | None = self.cycle
        self.cycle = HttpAnswer(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """Answer a request that cannot be parsed."""
        self._refuse(MALFORMED)

    def _feed(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stop:
                data = self._head_without_upgrade() + data[stop.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            else:
                return

    def _head_without_upgrade(self) -> bytes:
        """Write the head again, as it is for who does not know the protocol that it asks for."""
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version + b"\r\n"]
        for name, value in self.headers:
            if name == b"connection":
                options = [option for option in value.split(b",") if option.strip().lower() != b"upgrade"]
                lines.append(b"connection:" + b",".join(options) + b"\r\n")
            elif name != b"upgrade":
                lines.append(name + b":" + value + b"\r\n")
        return b"".join([*lines, b"\r\n"])

    def _judge_head(self) -> Refusal | None:
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            return ONLY_HTTP_1
        if self.parser.get_method() == b"CONNECT":
            return NO_PROXY
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        if codings and (version == "1.0" or [value.strip().lower() for value in codings] != [b"chunked"]):
            return ONLY_CHUNKED
        if b"#" in self.url:
            return BAD_TARGET
        return None if self.url.startswith((b"/", b"*")) else self._judge_absolute_target()

    def _judge_absolute_target(self) -> Refusal | None:
        """Judge a target that names a host itself, which would override the Host header (RFC 9112, 3.2.2)."""
        scheme, _, rest = self.url.partition(b"://")
        authority, slash, _path = rest.partition(b"/")
        hosts = [value.strip().lower() for name, value in self.headers if name == b"host"]
        if scheme.lower() not in _SCHEMES or not slash:
            return BAD_TARGET
        return None if hosts == [authority.lower()] else TWO_HOSTS

    # --- refusing ---

    def _stop_parsing(self, refusal: Refusal) -> None:
        self._found = refusal
        raise _RefusedError

    def _refuse(self, refusal: Refusal) -> None:
        """Answer as soon as what came before is answered; nothing that comes now is read any more."""
        self._refusal = refusal
        self._stop_timer()
        cycle = self.cycle
        if self._in_body and cycle.response_complete:
            self.transport.close()
        elif self._is_idle():
            self._end(refusal)
        elif not self._in_body:
            self.flow.pause_reading()
        elif self.pipeline:
            self.pipeline.popleft()
        elif cycle.response_started:
            self.transport.close()
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            self._end(refusal)

    def _end(self, refusal: Refusal) -> None:
        """Write the answer and close, but for the client's sending direction, which lingers a little."""
        self._ended = True
        if self.transport.is_closing():
            return
        request_id = uuid.uuid4().hex
        client = self.client[0] if self.client else None
        structlog.get_logger("app.web").warning(
            "request_malformed",
            client=client,
            status=int(refusal.status),
            code=refusal.code,
            request_id=request_id,
        )
        https = self.scheme == "https"
        defaults = self.server_state.default_headers
        self.transport.write(refusal_bytes(refusal, request_id=request_id, https=https, defaults=defaults))
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    # --- waiting for the client ---

    def _start_timer(self, seconds: float) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(seconds, self._on_timeout)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timeout(self) -> None:
        self._timer = None
        if not self._is_idle():
            self._start_timer(self.head_timeout)
        elif self._in_head:
            self._refuse(HEAD_TOO_SLOW)
        else:
            self.transport.close()


@lru_cache(_TARGETS_REMEMBERED)
def _target(url: bytes) -> tuple[str, bytes, bytes]:
    """Return the path, as it is meant and as it came, and the query."""
    target = httptools.parse_url(url)
    path = target.path.decode("ascii")
    return unquote(path) if "%" in path else path, target.path, target.query or b""
