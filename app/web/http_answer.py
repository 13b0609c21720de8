"""uvicorn's answer to one HTTP/1.1 request, with its head written in one go."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from app.web.middleware.body_limit import WHOLE_BODY

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGISendEvent, HTTPResponseStartEvent

_FRAMING: Final = frozenset({b"transfer-encoding", b"connection"})
_LENGTH: Final = b"content-length"
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_BODY: Final = frozenset({204, 304})
_NAMES_REMEMBERED: Final = 256


class HttpAnswer(RequestResponseCycle):
    """Writes the usual head without looking at each header by itself.

    Usual is one with a Content-Length and nothing else about framing, for a request that is not HEAD on a
    connection that stays; it goes out with the body that follows. uvicorn writes all others, and refuses
    those that are malformed.
    """

    _head: bytes | None = None

    async def run_asgi(self, app: ASGI3Application) -> None:
        """Have the request answered; its scope tells whether all of it has come."""
        if not self.more_body:
            self.scope["extensions"] = {WHOLE_BODY: {}}
        await super().run_asgi(app)

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer."""
        if (
            message["type"] == "http.response.start"
            and not self.response_started
            and not self.disconnected
            and not self.flow.write_paused
            and self.keep_alive
            and not self.access_log
        ):
            self._head = self._written(message)
            if self._head is not None:
                return
        elif self._head is not None and not self.disconnected:
            head, self._head = self._head, None
            if self._is_all(message):
                self._finish(head, message["body"])  # type: ignore[typeddict-item]
                return
            self.transport.write(head)
        await super().send(message)

    def _is_all(self, message: ASGISendEvent) -> bool:
        return (
            message["type"] == "http.response.body"
            and not message.get("more_body", False)
            and len(message.get("body", b"")) == self.expected_content_length > 0
            and not self.flow.write_paused
        )

    def _finish(self, head: bytes, body: bytes) -> None:
        self.transport.writelines((head, body))
        self.expected_content_length = 0
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _written(self, message: HTTPResponseStartEvent) -> bytes | None:
        status = message["status"]
        if status in _NO_BODY or self.scope["method"] == "HEAD":
            return None
        length = None
        lines = [STATUS_LINE[status]]
        count = 2
        for headers in (self.default_headers, message.get("headers", ())):
            for name, value in headers:
                if not _is_usual(name):
                    return None
                if name == _LENGTH:
                    if length is not None or not value.isdigit():
                        return None
                    length = int(value)
                lines += (name, b": ", value, b"\r\n")
                count += 1
        if length is None:
            return None
        lines.append(b"\r\n")
        head = b"".join(lines)
        # A line end within a value would begin another header, or the body.
        if not head.count(b"\r") == head.count(b"\n") == count or _CONTROLS.search(head):
            return None
        self.response_started = True
        self.waiting_for_100_continue = False
        self.expected_content_length = length
        self.chunked_encoding = False
        return head


@lru_cache(_NAMES_REMEMBERED)
def _is_usual(name: bytes) -> bool:
    return name not in _FRAMING and _NAME.fullmatch(name) is not None
