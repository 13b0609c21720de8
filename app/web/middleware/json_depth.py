"""Bounds how deeply the JSON of a request nests."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from app.web.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_DEPTH: Final = 128
"""More than the catalogue accepts in arguments, whose own refusal says more than this one could."""

_UP, _DOWN = b"\x01", b"\xff"
_STEPS: Final = bytes.maketrans(b"[{]}", _UP * 2 + _DOWN * 2)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[{]}"))


def nests_too_deep(body: bytes) -> bool:
    """Tell whether the JSON in `body` exceeds `MAX_DEPTH`, in time linear in its length.

    Of malformed JSON, the part that a parser reads before it finds the fault is judged as well.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    without_escapes = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(without_escapes.split(b'"')[::2])
    steps = outside_strings.translate(_STEPS, _NOT_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0) > MAX_DEPTH


class JsonDepth:
    """Answers 400 for a body that nests more than `MAX_DEPTH` levels, or that is not UTF-8 text at all.

    Parsers end such a body in their own ways, and some only at the end of the stack. Stands behind
    `BodyLimit`, which hands over the body in one piece.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        first: Message | None = await receive()
        refusal = self._refusal(first.get("body", b"")) if first else None
        if refusal is not None:
            response = error_response(scope, 400, *refusal)
            await response(scope, receive, send)
            return

        async def replay() -> Message:
            nonlocal first
            if first is None:
                return await receive()
            message, first = first, None
            return message

        await self._app(scope, replay, send)

    def _refusal(self, body: bytes) -> tuple[str, str] | None:
        if b"\0" in body:
            # UTF-16 and UTF-32, which Python's parser would read although JSON on the wire is UTF-8.
            return "bad_request", "The body is not JSON in UTF-8."
        if nests_too_deep(body):
            return "json_too_deep", f"The JSON of a request may nest {MAX_DEPTH} levels deep at most."
        return None
