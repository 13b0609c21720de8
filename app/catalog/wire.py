"""From a tool's inputs to the one request they mean: exactly what was given is sent, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from app.catalog.declared import Argument, arguments_of
from app.catalog.inputs import Inputs, Part
from app.catalog.introspect import path_names
from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.tool import Endpoint, Tool
from app.portkey.client import NO_BODY, ApiRequest

_EXACT: Final = 2**53
"""Up to here a float is exactly one integer."""


def to_request(endpoint: Endpoint, inputs: Inputs) -> ApiRequest:
    """Place every given input where the endpoint and the field's markers say."""
    in_path = path_names(endpoint.path)
    path_params: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    body: JsonObject = {}
    for argument, value in _sent(inputs):
        if argument.name in in_path:
            path_params[argument.name] = str(value)
        elif at := _query_name(endpoint, argument):
            query.extend(_query(at, value))
        elif isinstance(value, dict) and argument.spread:
            body.update(value)
        else:
            _place(body, (argument.body or argument.name).split("."), value)
    body.update(endpoint.fixed)
    return ApiRequest(
        method=endpoint.method,
        path=endpoint.path,
        path_params=path_params,
        query=query,
        body=body if body or _has_body(endpoint) else NO_BODY,
        base=endpoint.base,
    )


def given(inputs: Inputs) -> Iterator[tuple[Argument, JsonValue]]:
    """Yield declaration and wire value of each input that was given."""
    was_given = inputs.model_fields_set
    for name, argument in arguments_of(type(inputs)).items():
        if name not in was_given:
            continue
        value = getattr(inputs, name)
        if value is None and not argument.clearable:
            continue
        plain = to_json(value)
        yield argument, argument.encode.to_wire(plain) if argument.encode else plain


def reserved_members(tool: Tool) -> frozenset[str]:
    """Return the members at the top of the body that a tool fills itself: a spread object may not."""
    if not isinstance(tool.call, Endpoint):
        return frozenset()
    in_path = path_names(tool.call.path)
    filled = {
        (argument.body or name).partition(".")[0]
        for name, argument in arguments_of(tool.inputs).items()
        if name not in in_path and not argument.local and not argument.spread
    }
    return frozenset(filled | tool.call.fixed.keys())


def to_json(value: Any) -> JsonValue:  # noqa: ANN401 - any input value
    """Return the wire form of an input value: parts become objects of what was given in them."""
    if isinstance(value, str):
        return value
    if isinstance(value, Part):
        return {**{argument.name: item for argument, item in given(value)}, **(value.model_extra or {})}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(name): to_json(item) for name, item in value.items()}
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        # 10 was given, and a field of type float made 10.0 of it; Portkey wants integers in some such places.
        return int(value)
    plain: JsonValue = value
    return plain


def as_flag(value: JsonValue) -> JsonValue:
    """Portkey's integer booleans."""
    return int(bool(value))


def json_text(value: JsonValue) -> JsonValue:
    """JSON as text: inside a JSON string, or in a query string."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def comma_list(value: JsonValue) -> JsonValue:
    """A list as one text with commas; text is taken as such a list already. Numbers and flags as in JSON."""
    if not isinstance(value, list):
        return value
    return ",".join(item if isinstance(item, str) else str(json_text(item)) for item in value)


def _sent(inputs: Inputs) -> Iterator[tuple[Argument, JsonValue]]:
    """What was given, without what is local, and what it implies."""
    everything = list(given(inputs))
    for argument, value in everything:
        if argument.local:
            continue
        yield argument, value
        implied = argument.implies
        if implied and all(other.name != implied.name for other, _ in everything):
            yield arguments_of(type(inputs))[implied.name], implied.value


def _has_body(endpoint: Endpoint) -> bool:
    return endpoint.method in ("POST", "PUT")


def _query_name(endpoint: Endpoint, argument: Argument) -> str | None:
    """The name in the query string, or None for what goes into the body."""
    if argument.query is not None:
        return argument.query
    return None if _has_body(endpoint) or argument.body is not None else argument.name


def _query(name: str, value: JsonValue) -> list[tuple[str, str]]:
    """A list repeats the name; an input that wants commas or JSON text is declared with `Encode`."""
    if isinstance(value, list):
        return [pair for item in value for pair in _query(name, item)]
    if isinstance(value, bool):
        return [(name, "true" if value else "false")]
    return [(name, "" if value is None else str(value))]


def _place(body: JsonObject, path: list[str], value: JsonValue) -> None:
    *parents, last = path
    here: Any = body
    for step, following in zip(parents, path[1:], strict=True):
        here = _child(here, step, [] if following.isdigit() else {})
    if isinstance(here, list):
        here.insert(int(last), value)
    else:
        here[last] = value


def _child(parent: Any, step: str, empty: JsonValue) -> Any:  # noqa: ANN401 - a list or a dict, by the path
    if not isinstance(parent, list):
        return parent.setdefault(step, empty)
    if int(step) == len(parent):
        parent.append(empty)
    return parent[int(step)]
