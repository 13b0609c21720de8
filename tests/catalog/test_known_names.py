"""Whoever comes from the service whose tool names and arguments we took over finds all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.catalog.arguments import InvalidArgumentsError, validate
from tests.catalog.desk import TOOLS
from tests.catalog.reference import reference

KNOWN: list[dict[str, Any]] = json.loads(reference("tools.json").read_text(encoding="utf-8"))
OLDER: list[dict[str, Any]] = json.loads(reference("tools_151.json").read_text(encoding="utf-8"))

# Values that an argument takes there and not here, with the reason.
REFUSED_HERE: dict[tuple[str, str], str] = {}

# Required here and optional there, with the reason.
REQUIRED_HERE: dict[tuple[str, str], str] = {
    ("update_feedback", "value"): "Portkey's API description requires it of an update too",
}

# Text that is free there and of a certain form in Portkey's API.
SAMPLES: dict[str, Any] = {
    "ai_org_model": "openai__gpt-4o",
    "auth_type": "headers",
    "color_code": "#1f6feb",
    "end_time": "2031-03-01T00:00:00Z",
    "expires_at": "2031-03-01",
    "integrations.secret_mappings": [{"target_field": "key", "secret_reference_id": "aws"}],
    "keys.secret_mappings": [{"target_field": "key", "secret_reference_id": "aws"}],
    "mcp-integrations.secret_mappings": [
        {"target_field": "configurations.custom_headers", "secret_reference_id": "aws"}
    ],
    "metadata": '{"team": "search"}',
    "metadataKey": "team",
    "order_by": "cost",
    "order_by_type": "desc",
    "response_status": 200,
    "rotation_policy": {"rotation_period": "weekly"},
    "start_time": "2031-03-01T00:00:00+02:00",
    "targets": [{"provider": "openai"}],
    "time_max": "now",
    "time_min": "-7d",
    "time_of_generation_max": "now",
    "time_of_generation_min": "2026-03-01 12:00",
}

KINDS = {"string": str, "array": list, "object": dict, "number": int, "integer": int}

TEXTS = {
    "uuid": "0a5f1e4c-7d2b-4e38-9c61-5b8f2d4a6e70",
    "email": "ada@example.com",
    "date-time": "2031-03-01T00:00:00Z",
    "uri": "https://example.com/path",
    "url": "https://example.com/path",
}

every_known = pytest.mark.parametrize("known", KNOWN, ids=lambda known: known["name"])


def test_all_names_are_listed() -> None:
    named = {known["name"] for known in KNOWN} | {known["tool_name"] for known in OLDER}
    assert len(named) == 182
    assert not named - TOOLS.keys()


@every_known
def test_a_tool_stands_in_its_domain_and_has_its_arguments(known: dict[str, Any]) -> None:
    tool = TOOLS[known["name"]]
    assert tool.domain == known["domain"]
    assert not {given["name"] for given in known["inputs"]} - tool.inputs.model_fields.keys()


@every_known
def test_nothing_more_is_required(known: dict[str, Any]) -> None:
    required = {given["name"] for given in known["inputs"] if given["required"]}
    here = {name for name, field in TOOLS[known["name"]].inputs.model_fields.items() if field.is_required()}
    assert {name for name in here - required if (known["name"], name) not in REQUIRED_HERE} == set()


@every_known
def test_each_value_is_taken(known: dict[str, Any]) -> None:
    tool = TOOLS[known["name"]]
    refused: list[str] = []
    for given in known["inputs"]:
        if (tool.name, given["name"]) in REFUSED_HERE:
            continue
        for value in _samples(given, tool.domain):
            try:
                validate(tool, {given["name"]: value})
            except InvalidArgumentsError as error:
                refused += [
                    f"{problem.argument}={value!r}: {problem.problem}"
                    for problem in error.problems
                    if problem.argument.partition(".")[0] == given["name"]
                ]
    assert not refused


def _samples(given: dict[str, Any], domain: str) -> list[Any]:
    """Values that this argument takes; of a choice, each."""
    if "enum" in given:
        return list(given["enum"])
    known = SAMPLES.get(f"{domain}.{given['name']}", SAMPLES.get(given["name"]))
    return [known if isinstance(known, KINDS.get(given["type"], ())) else _sample(given)]


def _sample(given: dict[str, Any]) -> Any:  # noqa: PLR0911 - a line a kind
    if "const" in given:
        return given["const"]
    if "enum" in given:
        return given["enum"][0]
    match given.get("type"):
        case "string":
            text = TEXTS.get(given.get("format", ""), "sample")
            return text if len(text) >= given.get("min_length", 0) else text * given["min_length"]
        case "integer" | "number":
            return given.get("min", given.get("exclusive_min", 0) + 1)
        case "boolean":
            return True
        case "array":
            return [_sample(given["items"])]
        case "one_of":
            return _sample(given["one_of"][0])
        case _:
            if "nested" in given:
                return {part["name"]: _sample(part) for part in given["nested"] if part["required"]}
            inside = given.get("map_values")
            key = TEXTS.get(given.get("key_format", ""), "sample")
            return {} if not isinstance(inside, dict) else {key: _mapped(inside)}


def _mapped(inside: dict[str, Any]) -> Any:
    kinds = inside.get("type")
    return _sample({**inside, "type": kinds[0]} if isinstance(kinds, list) else inside)
