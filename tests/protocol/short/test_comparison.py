"""The same generated requests through the short path and through the SDK: nobody can tell which it was."""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth.policy import ALLOW_ALL, Policy
from app.auth.principal import Principal
from app.protocol.confirmation import Confirmation
from app.protocol.confirmation_once import MemoryOnce
from app.protocol.events.memory import MemoryEventLog
from app.protocol.short.path import ShortPath, short_path
from tests.protocol.short.exchange import CLIENT, META, Answer, Posted, ask, posted
from tests.protocol.stand_in import Backend, HttpHandler

REQUESTS = 500
_NAMES = re.compile(rb"(?m)^id: [\w-]{22}")
_EVENT_ID = re.compile(rb"[\w-]{22}")
_ENVELOPE = "io.modelcontextprotocol/"

TOOLS = [
    "list_workspaces",
    "list_workspaces",
    "list_configs",
    "list_prompts",
    "delete_workspace",
    "publish_prompt",
    "no_such_tool",
]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
ARGUMENTS = st.one_of(
    st.fixed_dictionaries({"name": st.text(max_size=12)}),
    st.fixed_dictionaries({"name": st.sampled_from(["x", "\u00e9", "\U0001f600", "\u2028", '"\\/'])}),
    st.dictionaries(st.sampled_from(["name", "other"]), VALUES, max_size=2),
)
METAS = st.sampled_from(
    [
        META,
        META,
        META,
        {key: value for key, value in META.items() if not key.endswith("clientInfo")},
        {**META, f"{_ENVELOPE}clientCapabilities": {"elicitation": {"form": {}}}},
        {**META, f"{_ENVELOPE}clientCapabilities": {"elicitation": 7}},
        {**META, f"{_ENVELOPE}clientCapabilities": None},
        {**META, f"{_ENVELOPE}clientInfo": None},
        {**META, f"{_ENVELOPE}clientInfo": {"name": 5}},
        {**META, f"{_ENVELOPE}clientInfo": {**CLIENT, "title": "T", "websiteUrl": "https://a.example"}},
        {**META, f"{_ENVELOPE}protocolVersion": "2025-11-25"},
        {**META, f"{_ENVELOPE}protocolVersion": "2030-01-01"},
        {**META, f"{_ENVELOPE}logLevel": "debug"},
        {**META, "progressToken": "p"},
        {**META, "progressToken": 1.5},
        {**META, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {},
        None,
        [],
    ]
)
CURSORS = st.sampled_from([None, "list_configs", "made-up", "", 7, "\u00e9"])
IDS: st.SearchStrategy[Any] = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**70), 2**70),
    st.text(max_size=6),
    st.sampled_from([True, None, 1.5, 1.0, {}, "\u2028"]),
)
PARAM_EXTRAS = st.sampled_from(
    [
        {},
        {},
        {},
        {"inputResponses": {}},
        {"requestState": "x"},
        {"requestState": None},
        {"task": {"ttl": 1}},
        {"surprise": 1},
        {"arguments": None},
        {"arguments": []},
        {"name": None},
        {"name": 5},
    ]
)
MESSAGE_EXTRAS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {}, {}, {}, {"extra": 1}, {"jsonrpc": "1.0"}, {"params": None}]
)


def _header(name: bytes, value: bytes | None) -> Callable[[list[tuple[bytes, bytes]]], Any]:
    def change(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        rest = [pair for pair in headers if pair[0] != name]
        return rest if value is None else [*rest, (name, value)]

    return change


HEADERS = st.sampled_from(
    [
        *[lambda headers: headers] * 6,
        lambda headers: [*headers, headers[-1]],
        _header(b"accept", b"text/event-stream;q=0.5 , Application/JSON"),
        _header(b"accept", b"*/*"),
        _header(b"accept", b"application/json"),
        _header(b"content-type", b"application/json; charset=utf-8"),
        _header(b"content-type", b"text/plain"),
        _header(b"mcp-protocol-version", b"2025-11-25"),
        _header(b"mcp-protocol-version", b"2030-01-01"),
        _header(b"mcp-protocol-version", None),
        _header(b"mcp-method", b"tools/list"),
        _header(b"mcp-method", b"tools/call"),
        _header(b"mcp-method", None),
        _header(b"mcp-name", b"list_configs"),
        _header(b"mcp-name", b"=?base64?bGlzdF93b3Jrc3BhY2Vz?="),
        _header(b"mcp-name", None),
        _header(b"mcp-session-id", b"made-up"),
        _header(b"mcp-param-name", b"x"),
        _header(b"user-agent", b"agent/1"),
    ]
)
DAMAGE = st.sampled_from(
    [
        *[lambda body: body] * 8,
        lambda body: body[:-1],
        lambda body: b"[" + body + b"]",
        lambda body: b" \r\n" + body + b"\n",
        lambda body: body.replace(b'"jsonrpc"', b'"jsonrpc":"2.0","jsonrpc"'),
        lambda body: body.replace(b'"id":', b'"id":NaN,"x":'),
        lambda body: body.replace(b"name", b"n\\u0061me"),
        lambda body: body.replace(b'"x"', b'"\\ud800"'),
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: b"\xff" + body,
        lambda body: body.decode("utf-8", "replace").encode("utf-16"),
    ]
)
POLICIES = st.sampled_from([ALLOW_ALL, ALLOW_ALL, Policy(read_only=True), Policy(domains=frozenset())])


@st.composite
def requests(draw: st.DrawFn) -> Posted:
    """A request, of which something may be wrong or unusual."""
    method = draw(st.sampled_from(["tools/call"] * 4 + ["tools/list"] * 2 + ["server/discover", "nonsense"]))
    params: dict[str, Any] = {}
    if method == "tools/call":
        params = {"name": draw(st.sampled_from(TOOLS)), "arguments": draw(ARGUMENTS)}
    elif method == "tools/list" and (cursor := draw(CURSORS)) is not None:
        params = {"cursor": cursor}
    odd = draw(st.sampled_from(["nothing", "nothing", "meta", "params", "message", "headers", "body", "id"]))
    request = posted(method, params, headers=[(b"x-request-id", b"1")])
    message = json.loads(request.body)
    message["params"]["_meta"] = copy.deepcopy(META)
    if odd == "meta":
        message["params"]["_meta"] = draw(METAS)
    elif odd == "params":
        message["params"].update(draw(PARAM_EXTRAS))
    elif odd == "message":
        message.update(draw(MESSAGE_EXTRAS))
    elif odd == "id":
        message["id"] = draw(IDS)
    body = _written(message)
    headers = draw(HEADERS)(request.headers) if odd == "headers" else request.headers
    return Posted(
        headers,
        draw(DAMAGE)(body) if odd == "body" else body,
        {"policy": draw(POLICIES), "principal": Principal("alice", "bearer")},
    )


def _written(message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")


HANDSHAKES = st.fixed_dictionaries(
    {
        "protocolVersion": st.sampled_from(["2025-11-25", "2025-11-25", "2025-03-26", "1999-01-01", 7]),
        "capabilities": st.sampled_from([{}, {"elicitation": {}}, {"elicitation": 7}, None]),
        "clientInfo": st.sampled_from([CLIENT, CLIENT, {"name": 5}]),
    }
)
VERSIONS_2025 = st.sampled_from(
    [b"2025-11-25", b"2025-11-25", b"2025-06-18", b"2025-03-26", b"2024-11-05", b"1999-01-01", None]
)


METAS_OF_2025: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        *[{"progressToken": token} for token in (1, "p", "\u00e9", 2**70, -5, 1.5, True, None, "\ud800")],
        {},
        {"client/toolUseId": {"a": [1]}, "progressToken": 3},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": 7},
        {f"{_ENVELOPE}clientInfo": {"name": "meta", "version": "1"}},
        {f"{_ENVELOPE}related-task": {"taskId": "t"}},
        None,
        [],
    ]
).map(lambda meta: {"_meta": meta})
WORDS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/initialized", "params": {}},
        {"jsonrpc": "2.0", "method": "notifications/initialized", "params": {"_meta": {}}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": "p", "method": "ping", "params": {}},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 1, "method": "resources/list"},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
    ]
)


@st.composite
def requests_of_2025(draw: st.DrawFn) -> Posted:
    """A request without a session, of which something may be wrong or unusual."""
    method = draw(st.sampled_from(["tools/call"] * 4 + ["tools/list"] * 2 + ["initialize"] * 2 + ["ping"]))
    params: dict[str, Any] = {}
    if method == "tools/call":
        params = {"name": draw(st.sampled_from(TOOLS)), "arguments": draw(ARGUMENTS)}
    elif method == "tools/list" and (cursor := draw(CURSORS)) is not None:
        params = {"cursor": cursor}
    elif method == "initialize":
        params = draw(HANDSHAKES)
    odd = draw(
        st.sampled_from([*["nothing"] * 3, *["meta"] * 2, "params", "message", "headers", "body", "id"])
    )
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    version = draw(VERSIONS_2025)
    headers = [
        (b"content-type", b"application/json"),
        (b"accept", b"application/json, text/event-stream"),
        (b"user-agent", b"test/1"),
        *([(b"mcp-protocol-version", version)] if version else []),
    ]
    if odd == "params":
        more: Any = draw(PARAM_EXTRAS)
        message["params"] = {**params, **more}
    elif odd == "meta":
        message["params"] = {**params, **draw(METAS_OF_2025)}
    elif odd == "message":
        extras: dict[str, Any] = draw(MESSAGE_EXTRAS)
        message.update(extras)
    elif odd == "id":
        message["id"] = draw(IDS)
    elif odd == "headers":
        headers = draw(HEADERS)(headers)
    if draw(st.integers(0, 5)) == 0:
        message = draw(WORDS)
    body = _written(message)
    return Posted(
        headers,
        draw(DAMAGE)(body) if odd == "body" else body,
        {"policy": draw(POLICIES), "principal": Principal("alice", "bearer")},
    )


class Counted:
    """Counts the requests that come to it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.seen = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen += 1
        await self.app(scope, receive, send)


async def compare(drawn: list[Posted], event_log: MemoryEventLog | None = None) -> Counter[str]:
    backend = Backend()
    confirmation = Confirmation(timeout=5, once=MemoryOnce())
    server = backend.server(confirmation=confirmation, page_size=4)
    handler = HttpHandler(server, stateless=True, event_log=event_log)
    counted = Counted(handler)
    short = short_path(counted, server.core, handler.stores)
    ways: Counter[str] = Counter()
    pairs = []
    async with handler.run():
        for request in drawn:
            by_sdk = await ask(handler, request)
            before = counted.seen
            by_short = await ask(short, request)
            ways["sdk" if counted.seen > before else "short"] += 1
            ways[f"status {by_sdk.status}"] += 1
            pairs.append((by_short, by_sdk, request))
    for by_short, by_sdk, request in pairs:
        same(by_short, by_sdk, request)
    return ways


def same(one: Answer, other: Answer, request: Posted) -> None:
    assert one.status == other.status, request
    assert plain(one.body) == plain(other.body), request
    length = b"content-length"
    assert one.headers.get(length, b"%d" % len(one.body)) == b"%d" % len(one.body)
    assert one.headers.keys() == other.headers.keys()
    assert {**one.headers, length: b""} == {**other.headers, length: b""}
    if other.body.isascii() and one.body.isascii() and b"requestState" not in one.body:
        assert _NAMES.sub(b"", one.body) == _NAMES.sub(b"", other.body), request


def plain(body: bytes) -> Any:
    """The JSON, or the lines of a stream with the JSON in them; what is random in it left out."""
    if body.startswith((b"event: ", b"id: ")):
        lines = [line.partition(b": ") for line in body.split(b"\r\n")]
        return [
            (name, _EVENT_ID.sub(b"", value) if name == b"id" else plain(value)) for name, _, value in lines
        ]
    try:
        message = json.loads(body)
    except ValueError:
        return body
    if isinstance(message, dict) and isinstance(message.get("result"), dict):
        message["result"].pop("requestState", None)
    return message


def drawn_from(strategy: st.SearchStrategy[Posted]) -> list[Posted]:
    drawn: list[Posted] = []

    @seed(20260728)
    @settings(
        max_examples=REQUESTS,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(request: Posted) -> None:
        drawn.append(request)

    draw()
    assert len(drawn) >= REQUESTS
    return drawn


def test_a_request_of_2026_is_answered_the_same_either_way() -> None:
    ways = asyncio.run(compare(drawn_from(requests())))

    # Both ways were taken often, or this shows nothing.
    assert ways["short"] > REQUESTS / 5, ways
    assert ways["sdk"] > REQUESTS / 5, ways
    assert ways["status 400"] > REQUESTS / 20, ways


@pytest.mark.parametrize("resumable", [False, True])
def test_a_request_of_2025_is_answered_the_same_either_way(*, resumable: bool) -> None:
    event_log = MemoryEventLog() if resumable else None
    ways = asyncio.run(compare(drawn_from(requests_of_2025()), event_log))

    assert ways["short"] > REQUESTS / 5, ways
    assert ways["sdk"] > REQUESTS / 5, ways
    assert ways["status 400"] > REQUESTS / 20, ways


@pytest.mark.parametrize("method", ["tools/list", "server/discover"])
async def test_a_stored_answer_is_the_sdks_byte_for_byte(backend: Backend, method: str) -> None:
    server = backend.server()
    handler = HttpHandler(server, stateless=True)
    async with handler.run():
        first = await ask(handler, posted(method))
        again = await ask(ShortPath(handler, server.core), posted(method, request_id="other"))

    assert again.body == first.body.replace(b'"id":1,', b'"id":"other",')
    assert again.headers.keys() == first.headers.keys()
