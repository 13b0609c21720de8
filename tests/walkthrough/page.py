"""The page, in Markdown."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from tests.walkthrough.task import Json
from tests.walkthrough.walking import SECRET, TODAY, Done, Exchange

_WIDTH: Final = 112
_INDENT: Final = "  "
_LEFT_OUT: Final = "…"

_OPENING: Final = f"""\
# A walkthrough

Six things administrators ask for, as an agent does them with this service. It is a recording, not a mock-up:
a real MCP client called the real service on its sandbox, whose clock stood at
{TODAY:%A, %d %B %Y, %H:%M} UTC. `python -m tests.walkthrough --write` records it anew, and a test fails when
the result differs from this page.

`→` is a call with its arguments, `←` its answer; `"{_LEFT_OUT}"` stands for members that are left out here.
`fields` is the agent's own choice: list and get tools then answer with no more than it needs. Every id comes
from an earlier answer. A secret that is shown only once is replaced by `{SECRET}`."""


def page(done: Sequence[Done]) -> str:
    """Write the page."""
    parts = [_OPENING, *(part for number, one in enumerate(done, 1) for part in _task(number, one))]
    return "\n\n".join(parts) + "\n"


def _task(number: int, done: Done) -> Iterator[str]:
    yield f"## {number}. {done.task.title}"
    yield _paragraph(f"**Admin:** {done.task.asked}")
    yield "\n".join(["```text", *(line for one in done.exchanges for line in _exchange(one)), "```"])
    yield _paragraph(f"**Agent:** {done.told}")


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _exchange(one: Exchange) -> Iterator[str]:
    if one.call.why:
        yield f"# {one.call.why}"
    yield from _lines(f"→ {one.call.tool} ", one.arguments)
    shown = one.call.show or tuple(one.answer)
    answer = {name: value for name, value in one.answer.items() if name in shown}
    left_out = {} if len(answer) == len(one.answer) else {_LEFT_OUT: _LEFT_OUT}
    yield from _lines("← ", answer | left_out)


def _lines(before: str, value: Json) -> Iterator[str]:
    """JSON in as few lines as the width allows, broken between members only."""
    line = ""
    for depth, piece in _pieces(before, value):
        if line and len(line) + 1 + len(piece) > _WIDTH:
            yield line
            line = ""
        line = f"{line} {piece}" if line else f"{_INDENT * depth}{piece}"
    yield line


def _pieces(before: str, value: Json, after: str = "", depth: int = 0) -> Iterator[tuple[int, str]]:
    """The parts that stay on one line, and how deep they stand."""
    whole = f"{before}{json.dumps(value, ensure_ascii=False)}{after}"
    if len(_INDENT * depth) + len(whole) <= _WIDTH or not isinstance(value, dict | list):
        yield depth, whole
        return
    if isinstance(value, dict):
        opening, closing = "{}"
        items = [(f'"{name}": ', item) for name, item in value.items()]
    else:
        opening, closing = "[]"
        items = [("", item) for item in value]
    last = len(items) - 1
    for place, (name, item) in enumerate(items):
        end = f"{closing}{after}" if place == last else ","
        if place == 0:
            yield from _pieces(f"{before}{opening}{name}", item, end, depth)
        else:
            yield from _pieces(name, item, end, depth + 1)
