"""The one pass over an entry writes what structlog's processors, one after the other, would."""

from __future__ import annotations

import json
from typing import Any

import structlog
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars

from app.telemetry.json_line import JsonLine, json_line
from app.telemetry.logging import in_order
from app.telemetry.redaction import MASKED_ALREADY, Redactor

SECRETS = ("pk-abcdef", "s/cret+1")
METHODS = ("debug", "info", "warning", "warn", "error", "exception", "critical")

texts = st.text(st.characters(codec=None), max_size=5) | st.sampled_from(
    ["pk-abcdef", "k=s%2Fcret%2B1", "Authorization: Bearer abc", "two\nlines", "x" * 200]
)
names = texts | st.sampled_from(
    [
        "message",
        "level",
        "timestamp",
        "event",
        "api_key",
        "total_tokens",
        "request_id",
        "headers",
        "stack_info",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3) | st.tuples(texts, inner)
    ),
    max_leaves=5,
)


class _Nowhere:
    def write(self, line: str, /) -> None:
        pass


@given(st.sampled_from(METHODS), st.dictionaries(names, values, max_size=6), texts)
@example("info", {"a": "pk-abcdef", MASKED_ALREADY: {"a": "masked", "b": [1], "request_id": "r"}}, "x")
@example("error", {"exc_info": ValueError("pk-abcdef")}, "x")
@example("info", {"stack_info": True}, "x")
def test_one_pass_writes_the_same(method: str, event: dict[str, Any], bound: str) -> None:
    redactor = Redactor(SECRETS)
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redactor,
        in_order,
        json_line,
    ]
    with bound_contextvars(request_id=bound):
        slow: Any = dict(event)
        for process in chain:
            slow = process(None, method, slow)
        fast = JsonLine(redactor, _Nowhere(), least=0)(None, method, dict(event))
    assert fast.isascii()
    expected, shown = json.loads(slow), json.loads(fast)
    for entry in (expected, shown):
        entry.pop("timestamp")
        # It tells of the place that it was asked at.
        entry.pop("stack", None)
    assert repr(shown) == repr(expected)
    assert list(json.loads(fast))[:3] == ["timestamp", "level", "message"]
