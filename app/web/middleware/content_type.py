"""Answers 415 for a POST body that is not JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

JSON: Final = b"application/json"
_CHARSETS: Final = frozenset({b"utf-8", b"utf8", b"us-ascii"})
_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER: Final = rb"(?P<name>" + _TOKEN + rb')=(?:"(?P<quoted>[^"\\]*)"|(?P<token>' + _TOKEN + rb"))"
# RFC 9110, sections 5.6.6 and 8.3.1.
_PARAMETERS: Final = re.compile(rb"[ \t]*;[ \t]*(?:" + _PARAMETER + rb")?")


def is_json(content_type: bytes) -> bool:
    """Tell whether a Content-Type means JSON in UTF-8."""
    if content_type[: len(JSON)].lower() != JSON:
        return False
    charsets: list[bytes] = []
    position, end = len(JSON), len(content_type)
    while position < end:
        match = _PARAMETERS.match(content_type, position)
        if match is None:
            return False
        if match["name"] and match["name"].lower() == b"charset":
            charsets.append((match["token"] or match["quoted"] or b"").lower())
        position = match.end()
    return len(charsets) <= 1 and _CHARSETS.issuperset(charsets)


class JsonOnly:
    """Wants `application/json`, in UTF-8 and not compressed, from every POST.

    What is behind it finds the header in its plain form, however the client spelled it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        types = [value for name, value in headers if name == b"content-type"]
        codings = [value.lower() for name, value in headers if name == b"content-encoding"]
        if len(types) != 1 or not is_json(types[0]):
            problem = "Send the body as 'Content-Type: application/json', encoded in UTF-8."
        elif not {b"identity"}.issuperset(codings):
            problem = "Compressed bodies are not understood here. Send the body without Content-Encoding."
        else:
            others = [header for header in headers if header[0] != b"content-type"]
            scope["headers"] = [*others, (b"content-type", JSON)]
            await self._app(scope, receive, send)
            return
        response = error_response(scope, 415, "unsupported_media_type", problem)
        await response(scope, receive, send)
