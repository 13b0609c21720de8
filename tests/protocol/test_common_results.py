"""What is answered without the SDK is what the SDK would answer."""

from __future__ import annotations

from typing import Any

import mcp_types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types import version as revisions
from mcp_types.methods import serialize_server_result, validate_client_request
from pydantic import ValidationError

from app.auth.policy import ALLOW_ALL
from app.protocol import vocabulary
from app.protocol.changes.notices import ChangeNotices
from app.protocol.plain import are_plain_capabilities, is_plain_client
from app.protocol.stored import DISCOVER, INITIALIZE, LIST_TOOLS
from tests.protocol.stand_in import Backend

VERSIONS = (*vocabulary.HANDSHAKE_VERSIONS, *vocabulary.MODERN_VERSIONS)
NAMES = (
    "elicitation sampling roots experimental extensions tasks form url context tools listChanged name version"
    " title description websiteUrl icons src sizes mimeType theme other"
)
KNOWN = st.sampled_from(NAMES.split())
LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 1, 1.5, "", "dark", "any", [], ["any"], {}, [{"src": "x"}], [1]]
)
JSON = st.recursive(LEAVES, lambda inner: st.dictionaries(KNOWN, inner, max_size=3), max_leaves=8)
CLIENTS = st.fixed_dictionaries(
    {"name": st.one_of(st.just("client"), JSON), "version": st.one_of(st.just("1"), JSON)},
    optional=dict.fromkeys(("title", "description", "websiteUrl", "icons", "other"), JSON),
)


def test_the_words_are_the_sdks() -> None:
    assert vocabulary.HANDSHAKE_VERSIONS == revisions.HANDSHAKE_PROTOCOL_VERSIONS
    assert vocabulary.LATEST_HANDSHAKE_VERSION == revisions.LATEST_HANDSHAKE_VERSION
    assert vocabulary.MODERN_VERSIONS == revisions.MODERN_PROTOCOL_VERSIONS
    for name in ("CLIENT_CAPABILITIES", "CLIENT_INFO", "SERVER_INFO"):
        assert getattr(vocabulary, f"{name}_KEY") == getattr(mcp_types, f"{name}_META_KEY")
    assert vocabulary.VERSION_KEY == mcp_types.PROTOCOL_VERSION_META_KEY
    for name in ("PARSE_ERROR", "INVALID_REQUEST", "INVALID_PARAMS", "INTERNAL_ERROR"):
        assert getattr(vocabulary, name) == getattr(mcp_types, name)


@pytest.mark.parametrize("changes", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_sdk_would_send_the_same_results(backend: Backend, version: str, *, changes: bool) -> None:
    notices = ChangeNotices(possible=changes, sessions=True)
    core = backend.server(page_size=4, notices=notices).core
    modern = version in vocabulary.MODERN_VERSIONS
    introduction = DISCOVER if modern else INITIALIZE

    for method, cursor in ((LIST_TOOLS, None), (LIST_TOOLS, "list_configs"), (introduction, version)):
        found = core.stored.find(ALLOW_ALL, version, method, cursor)
        assert found is not None
        assert serialize_server_result(method, version, found.result) == found.result


async def test_the_capabilities_are_those_that_the_sdk_finds(backend: Backend) -> None:
    server = backend.server()
    found = server.get_capabilities(protocol_version="2025-11-25")
    ours = server.core.results.capabilities("2025-11-25")
    assert found.model_dump(by_alias=True, exclude_none=True) == ours


async def test_there_are_no_results_for_what_there_is_not(backend: Backend) -> None:
    stored = backend.server().core.stored
    for version, method, cursor in (
        ("2026-07-28", LIST_TOOLS, "made-up"),
        ("2026-07-28", INITIALIZE, "2026-07-28"),
        ("2025-11-25", DISCOVER, None),
        ("1999-01-01", LIST_TOOLS, None),
        ("2025-11-25", "prompts/list", None),
    ):
        assert stored.find(ALLOW_ALL, version, method, cursor) is None


@settings(max_examples=1500, deadline=None)
@given(capabilities=st.dictionaries(KNOWN, JSON, max_size=3), client=CLIENTS)
def test_the_sdk_accepts_what_is_plain(capabilities: dict[str, Any], client: dict[str, Any]) -> None:
    if not are_plain_capabilities(capabilities):
        capabilities = {}
    if not is_plain_client(client):
        client = {"name": "client", "version": "1"}
    assert accepted(capabilities, client)


@pytest.mark.parametrize(
    ("capabilities", "client"),
    [
        ({}, {"name": "a", "version": "1"}),
        ({"elicitation": {}, "roots": {"listChanged": True}, "sampling": {}}, {"name": "", "version": ""}),
        ({"elicitation": {"form": {}, "url": {}}, "sampling": {"tools": {}}}, {"name": "a", "version": "1"}),
        ({"experimental": {"x": {"y": [1]}}, "extensions": {"z": {}}}, {"name": "a", "version": "1"}),
        (
            {"roots": {}},
            {
                "name": "a",
                "version": "1",
                "title": "A",
                "description": None,
                "websiteUrl": "https://a.example",
                "icons": [{"src": "x", "mimeType": "image/png", "sizes": ["any"], "theme": "dark"}],
            },
        ),
    ],
)
def test_what_clients_send_is_plain(capabilities: dict[str, Any], client: dict[str, Any]) -> None:
    assert are_plain_capabilities(capabilities)
    assert is_plain_client(client)
    assert accepted(capabilities, client)


@pytest.mark.parametrize(
    "capabilities",
    [
        {"elicitation": None},
        {"elicitation": {"form": 1}},
        {"roots": {"listChanged": "yes"}},
        {"experimental": {"x": 1}},
        {"tasks": {}},
        [],
    ],
)
def test_what_the_sdk_should_look_at_is_not_plain(capabilities: object) -> None:
    assert not are_plain_capabilities(capabilities)


def accepted(capabilities: dict[str, Any], client: dict[str, Any]) -> bool:
    meta = {
        vocabulary.VERSION_KEY: "2026-07-28",
        vocabulary.CLIENT_CAPABILITIES_KEY: capabilities,
        vocabulary.CLIENT_INFO_KEY: client,
    }
    call = {"name": "any", "_meta": meta}
    try:
        validate_client_request("tools/call", "2026-07-28", call)
        mcp_types.CallToolRequestParams.model_validate(call, by_name=False)
        for each in vocabulary.HANDSHAKE_VERSIONS:
            params = {"protocolVersion": each, "capabilities": capabilities, "clientInfo": client}
            validate_client_request("initialize", each, params)
            mcp_types.InitializeRequestParams.model_validate(params, by_name=False)
    except ValidationError:
        return False
    return True
