"""What holds for every tool, whatever it is given."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import suppress
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from app.catalog.arguments import InvalidArgumentsError, validate
from app.catalog.inputs import Encode, Implies, Inputs, Local
from app.catalog.introspect import marked, marker
from app.catalog.log_filters import Filtered
from app.catalog.results import refused
from app.catalog.tool import Endpoint, Tool
from app.catalog.tools.mcp_servers import ServerPages
from app.catalog.wire import to_json, to_request
from app.portkey.client import NO_BODY, ApiRequest
from app.portkey.json_types import encode_json
from app.portkey.urls import BaseUrl
from tests.catalog.desk import FORMS, ORIGIN, TOOLS
from tests.catalog.generated import arguments

BASE = BaseUrl(v1=f"{ORIGIN}/v1", public=ORIGIN)
ENDPOINTS = [tool for tool in TOOLS.values() if isinstance(tool.call, Endpoint)]

MOMENT = re.compile(r"now$|[+-]\d+[smhdw]$|\d{4}-\d\d-\d\d")
OTHER_NAMES = {
    "status_codes": "status_code",
    "virtual_key_slugs": "virtual_keys",
    "config_slugs": "configs",
    "provider_models": "ai_org_model",
    "trace_ids": "trace_id",
    "span_ids": "span_id",
    "metadata_filter": "metadata",
}

quick = settings(max_examples=10, suppress_health_check=list(HealthCheck))
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
    """Each innermost value, as text, with how often it occurs. Empty objects have none."""
    if isinstance(value, list) and value:
        return sum((_leaves(item) for item in value), Counter[str]())
    if isinstance(value, dict):
        return sum((_leaves(item) for item in value.values()), Counter[str]())
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        value = int(value)
    if not isinstance(value, str):
        return Counter([json.dumps(value)])
    if value.startswith(("{", "[")):
        # JSON as text is what stands in it.
        with suppress(ValueError):
            return _leaves(json.loads(value))
    return Counter(["a moment" if MOMENT.match(value) else value])


def _given(tool: Tool, arguments_: dict[str, Any]) -> Counter[str]:
    """What has to arrive: the arguments in their wire form, each in as many places as it has values."""
    expected = Counter[str]()
    in_query = isinstance(tool.call, Endpoint) and tool.call.method in ("GET", "DELETE")
    named = _under_their_names(tool, arguments_)
    for name, value in named.items():
        field = tool.inputs.model_fields[name]
        implied = marker(field, Implies)
        if implied and implied.name not in named:
            expected += _leaves(implied.value)
        if marked(field, Local):
            continue
        wire = _wire(field, value)
        if wire != [] or not in_query:
            expected += _leaves(wire)
    return expected


def _under_their_names(tool: Tool, arguments_: dict[str, Any]) -> dict[str, Any]:
    """The arguments, with those that may be spelled otherwise under the name they are sent by."""
    if issubclass(tool.inputs, Filtered):
        filters = arguments_.get("filters", {})
        arguments_ = {name: value for name, value in arguments_.items() if name != "filters"}
        arguments_ = {**_renamed(filters), **_renamed(arguments_)}
    if issubclass(tool.inputs, ServerPages) and "current_page" in arguments_:
        arguments_ = {**arguments_, "page": arguments_["current_page"] + 1}
        del arguments_["current_page"]
    return arguments_


def _renamed(filters: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in filters.items() if name not in OTHER_NAMES}
    return plain | {OTHER_NAMES[name]: value for name, value in filters.items() if name in OTHER_NAMES}


def _wire(field: FieldInfo, value: Any) -> Any:
    encode = marker(field, Encode)
    if encode:
        is_json = isinstance(value, str) and value[:1] in ("{", "[")
        return encode.to_wire(to_json(json.loads(value) if is_json else value))
    part = _part(field.annotation)
    if part is None:
        return value
    if isinstance(value, list):
        return [_members(part, item) for item in value]
    return _members(part, value)


def _members(part: type[Inputs], value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    fields = part.model_fields
    return {
        name: _wire(fields[name], item) if name in fields else item for name, item in _renamed(value).items()
    }


def _part(annotation: Any) -> type[Inputs] | None:
    """The one kind of object that an argument is, or is a list of."""
    if isinstance(annotation, type) and issubclass(annotation, Inputs):
        return annotation
    found = [part for inner in get_args(annotation) if (part := _part(inner))]
    return found[0] if len(found) == 1 else None


def _sent(request: ApiRequest, endpoint: Endpoint) -> Counter[str]:
    body: Any = {} if request.body is NO_BODY else request.body
    for name, value in endpoint.fixed.items():
        assert body[name] == value
    free = {name: value for name, value in body.items() if name not in endpoint.fixed}
    inside = _leaves(free)
    named = [*request.path_params.values(), *(value for _, value in request.query)]
    return inside + sum((_leaves(value) for value in named), Counter[str]())


@pytest.mark.parametrize("tool", ENDPOINTS, ids=lambda tool: tool.name)
@quick
@given(st.data())
def test_a_request_holds_what_was_given_and_nothing_else(tool: Tool, data: st.DataObject) -> None:
    chosen = data.draw(arguments(tool))
    assert isinstance(tool.call, Endpoint)
    request = to_request(tool.call, validate(tool, chosen))
    assert _sent(request, tool.call) == _given(tool, chosen)
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
