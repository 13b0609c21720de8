"""Bounds how deeply the JSON of a request nests."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

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


def json_refusal(body: bytes) -> tuple[str, str] | None:
    """Return the code and the message for a body that nests too deep, or that is not UTF-8 text at all.

    Parsers end such a body in their own ways, and some only at the end of the stack.
    """
    if b"\0" in body:
        # UTF-16 and UTF-32, which Python's parser would read although JSON on the wire is UTF-8.
        return "bad_request", "The body is not JSON in UTF-8."
    if nests_too_deep(body):
        return "json_too_deep", f"The JSON of a request may nest {MAX_DEPTH} levels deep at most."
    return None
