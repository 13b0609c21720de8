"""What holds for every tool, whatever it is given."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.catalog.arguments import InvalidArgumentsError, validate
from app.catalog.inputs import Inputs
from app.catalog.results import refused
from app.catalog.tool import Endpoint, Tool
from app.catalog.wire import to_request
from app.portkey.client import NO_BODY, ApiRequest
from app.portkey.json_types import encode_json
from app.portkey.urls import BaseUrl
from tests.catalog.desk import FORMS, ORIGIN, TOOLS
from tests.catalog.generated import arguments

BASE = BaseUrl(v1=f"{ORIGIN}/v1", public=ORIGIN)
ENDPOINTS = [tool for tool in TOOLS.values() if isinstance(tool.call, Endpoint)]

quick = settings(max_examples=20, suppress_health_check=list(HealthCheck))
odd_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**64, -(2**70), 10**400, "", "..", "[1", '{"a":', "NaN", "null", "0", "1e999"])
    | st.floats()
    | st.text(st.characters(codec=None), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec=None), max_size=6), inner)
    ),
    max_leaves=8,
)


def _leaves(value: Any) -> Counter[str]:
    """Each innermost value, as text, with how often it occurs."""
    if isinstance(value, list) and value:
        return sum((_leaves(item) for item in value), Counter[str]())
    if isinstance(value, dict) and value:
        return sum((_leaves(item) for item in value.values()), Counter[str]())
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        value = int(value)
    return Counter([value if isinstance(value, str) else json.dumps(value)])


def _canonical(template: str) -> str:
    """Messages inside a template, with their members in one order."""
    try:
        return json.dumps(json.loads(template), sort_keys=True)
    except ValueError:
        return template


def _given(arguments_: dict[str, Any]) -> Counter[str]:
    expected = Counter[str]()
    for name, value in arguments_.items():
        match name:
            case "dry_run":
                continue
            case "messages":
                expected += _leaves(_canonical(json.dumps(value)))
            case "string":
                expected += _leaves(_canonical(value))
            case "tool_choice" if value["mode"] == "function":
                expected += _leaves(["function", value["function_name"]])
            case "is_default" if isinstance(value, bool):
                expected += _leaves(int(value))
            case "is_raw_template":
                expected += _leaves(int(value))
            case "hyperparameters" if not value:
                continue
            case _:
                expected += _leaves(value)
    return expected


def _sent(request: ApiRequest, endpoint: Endpoint) -> Counter[str]:
    body: Any = {} if request.body is NO_BODY else request.body
    for name, value in endpoint.fixed.items():
        assert body[name] == value
    free = {name: value for name, value in body.items() if name not in endpoint.fixed}
    if "string" in free:
        free["string"] = _canonical(free["string"])
    inside = _leaves(free) if free else Counter[str]()
    return inside + Counter(request.path_params.values()) + Counter(value for _, value in request.query)


@pytest.mark.parametrize("tool", ENDPOINTS, ids=lambda tool: tool.name)
@quick
@given(st.data())
def test_a_request_holds_what_was_given_and_nothing_else(tool: Tool, data: st.DataObject) -> None:
    chosen = data.draw(arguments(tool))
    assert isinstance(tool.call, Endpoint)
    request = to_request(tool.call, validate(tool, chosen))
    expected = _given(chosen)
    if tool.name == "list_prompts" and "page_size" in chosen and "current_page" not in chosen:
        expected["0"] += 1
    assert _sent(request, tool.call) == expected
    assert BASE.build(request.base, request.path, request.path_params, request.query)
    if request.body is not NO_BODY:
        assert encode_json(request.body)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
@quick
@given(st.data())
def test_whatever_a_client_sends_is_taken_or_refused_with_reasons(tool: Tool, data: st.DataObject) -> None:
    schema: Any = FORMS[tool.name]["inputSchema"]
    names = st.sampled_from([*schema["properties"], "unknown"]) | st.text(
        st.characters(codec=None), max_size=8
    )
    plausible = data.draw(arguments(tool))
    sent = plausible | data.draw(st.dictionaries(names, odd_json, max_size=4))
    outcome = _validated(tool, sent)
    if isinstance(outcome, InvalidArgumentsError):
        assert outcome.problems
        assert json.loads(refused(outcome).text)["error"]["code"] == "invalid_arguments"
    elif isinstance(tool.call, Endpoint):
        request = to_request(tool.call, outcome)
        assert BASE.build(request.base, request.path, request.path_params, request.query)
        assert request.body is NO_BODY or encode_json(request.body)


def _validated(tool: Tool, sent: dict[str, Any]) -> Inputs | InvalidArgumentsError:
    try:
        return validate(tool, sent)
    except InvalidArgumentsError as error:
        return error
