"""MCP messages of both eras, and what becomes of them when their parts are exchanged."""

from __future__ import annotations

import copy
import json
from typing import Any, Final

from hypothesis import strategies as st

from tests.fuzz.texts import damaged

MODERN: Final = "2026-07-28"
META: Final = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "fuzz", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_CALLS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("list_configs", {"page_size": 2, "fields": ["id", "name"]}),
    ("create_config", {"name": "Fuzzed", "config": {"retry": {"attempts": 3}}}),
    ("get_workspace", {"workspace_id": "ws-1"}),
    ("list_users", {"current_page": 0}),
    ("get_cost_analytics", {"time_of_generation_min": "-7d", "time_of_generation_max": "now"}),
    ("list_api_keys", {"workspace_id": "../.."}),
    ("delete_user", {"user_id": "%2e%2e"}),
    ("validate_prompt", {"prompt_id": "pp-1", "variables": {"a": [1, None, {"b": True}]}}),
]
_REQUESTS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("ping", {}),
    (
        "initialize",
        {
            "protocolVersion": "2025-11-25",
            "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "f", "version": "1"},
        },
    ),
    ("server/discover", {}),
    ("tools/list", {"cursor": "MTA="}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "portkey-admin://guide"}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "plan_change", "arguments": {"task": "x"}}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "plan_change"}, "argument": {"name": "task", "value": "a"}},
    ),
    ("logging/setLevel", {"level": "info"}),
    *(("tools/call", {"name": name, "arguments": arguments}) for name, arguments in _CALLS),
]
_NOTIFICATIONS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("notifications/initialized", {}),
    ("notifications/cancelled", {"requestId": 1, "reason": "late"}),
    ("notifications/progress", {"progressToken": 1, "progress": 0.5}),
]
_ANSWERS: Final[list[dict[str, Any]]] = [
    {"jsonrpc": "2.0", "id": 1, "result": {"action": "accept", "content": {}}},
    {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "no"}},
]
_STRANGE: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**30, 1e308, -0.0, 1.5]),
    st.text(max_size=6),
    st.sampled_from(
        [
            "",
            "..",
            "\0",
            "é" * 50,
            "2026-13-45",
            "a" * 300,
            "{{",
            "\u202e",
            "\U0001f600",
            "%2e%2e",
            "__proto__",
        ]
    ),
    st.sampled_from([[], {}, [[]], {"": 0}, [None], {"a": {"a": {"a": []}}}]),
    st.floats(),
).map(copy.deepcopy)  # samples are shared, and what is drawn is changed further


def modern(message: dict[str, Any]) -> dict[str, Any]:
    """The message as MCP 2026-07-28 has it."""
    message["params"] = {**message.get("params", {}), "_meta": copy.deepcopy(META)}
    return message


def seeds() -> list[dict[str, Any]]:
    """Every kind of message, well-formed."""
    requests = [{"jsonrpc": "2.0", "id": 1, "method": name, "params": params} for name, params in _REQUESTS]
    notifications = [{"jsonrpc": "2.0", "method": name, "params": params} for name, params in _NOTIFICATIONS]
    return copy.deepcopy([*requests, *notifications, *_ANSWERS])


def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        found.append((value, key))
        _places(member, found)
    return found


@st.composite
def exchanged(draw: st.DrawFn, *, era: str) -> dict[str, Any]:
    """A message some of whose members are replaced, left out, renamed or added."""
    message: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(seeds())))
    if era == MODERN and "method" in message:
        modern(message)
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))):
        places = _places(message, [])
        if not places:
            break
        inside = [place for place in places if place[0] is not message]
        # What is wrong on the outside hides what is wrong inside.
        is_inside = bool(inside) and draw(st.integers(0, 3)) > 0
        holder, key = draw(st.sampled_from(inside if is_inside else places))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            holder[key] = draw(_STRANGE)
        elif kind == 1:
            del holder[key]
        elif isinstance(holder, dict):
            name = (
                draw(st.text(max_size=5))
                if kind == 3
                else draw(st.sampled_from(["id", "name", "_meta", "a"]))
            )
            holder[name] = draw(st.one_of(st.just(copy.deepcopy(holder[key])), _STRANGE))
        else:
            holder.append(draw(_STRANGE))
    return message


@st.composite
def encoded(draw: st.DrawFn, message: dict[str, Any]) -> bytes:
    """Its JSON in one of several forms, now and then with members doubled, bytes damaged or levels added."""
    ascii_only = draw(st.booleans())
    body = json.dumps(message, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    kind = draw(st.sampled_from([*[9] * 16, *range(9)]))
    if kind == 0:
        body = b"[" + body + b"," + body + b"]"
    elif kind == 1:
        body = body[:-1] + b"," + body[1:]
    elif kind == 2:
        body = body.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
    elif kind == 3:
        levels = draw(st.integers(1, 300))
        body = body.replace(b"{}", b"[" * levels + b"]" * levels, 1)
    elif kind == 4:
        body = body.replace(b'"', b"\\u0022", draw(st.integers(0, 3)))
    elif kind == 5:
        body = draw(damaged(body))
    return body


def bodies(era: str) -> st.SearchStrategy[bytes]:
    """Bodies of one era."""
    return exchanged(era=era).flatmap(encoded)
