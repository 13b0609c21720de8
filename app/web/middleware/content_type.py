"""Answers 415 for a POST body that is not JSON."""

from __future__ import annotations

from email.message import Message as MimeHeaders
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_JSON = "application/json"
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


def _is_json(content_type: str) -> bool:
    if content_type == _JSON:
        return True
    mime = MimeHeaders()
    mime["content-type"] = content_type
    return mime.get_content_type() == _JSON and mime.get_content_charset("utf-8") in _CHARSETS


class JsonOnly:
    """Wants `application/json`, in UTF-8 and not compressed, from every POST."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = Headers(scope=scope)
        if scope["method"] != "POST":
            problem = None
        elif not _is_json(headers.get("content-type", "")):
            problem = "Send the body as 'Content-Type: application/json', encoded in UTF-8."
        elif headers.get("content-encoding", "identity").lower() != "identity":
            problem = "Compressed bodies are not understood here. Send the body without Content-Encoding."
        else:
            problem = None
        if problem is None:
            await self._app(scope, receive, send)
            return
        response = error_response(scope, 415, "unsupported_media_type", problem)
        await response(scope, receive, send)
