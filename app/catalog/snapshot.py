"""The wire form of every tool, as committed in `snapshot.json`.

A reviewer sees each change of what clients see, and a process that starts serves the stored form without
building the input models. `make catalog` writes it; a test compares it with the declarations.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson

from app.catalog.json_value import JsonObject
from app.catalog.projection import FIELDS, SCHEMA, lists_fields
from app.catalog.schema import input_schema
from app.catalog.tool import Tool

PATH = Path(__file__).with_name("snapshot.json")


def wire_form(tool: Tool) -> JsonObject:
    """Return the tool as `tools/list` shows it. A title is shown only where the name does not say it all."""
    schema = input_schema(tool.inputs)
    if lists_fields(tool):
        schema["properties"] = {**_members(schema), FIELDS: dict(SCHEMA)}
    form: JsonObject = {"name": tool.name, "description": tool.description, "inputSchema": schema}
    if tool.title and _words(tool.title) != _words(tool.name):
        form["title"] = tool.title
    return {**form, "annotations": dict(tool.annotations)}


def render(tools: Iterable[Tool]) -> str:
    """Return the snapshot's text: one tool a line, so that a change of one tool is a change of one line."""
    lines = [orjson.dumps(wire_form(tool)).decode() for tool in tools]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def read() -> dict[str, JsonObject]:
    """Return the committed wire forms by tool name."""
    forms: list[JsonObject] = orjson.loads(PATH.read_bytes())
    return {str(form["name"]): form for form in forms}


def _members(schema: JsonObject) -> JsonObject:
    members = schema["properties"]
    return members if isinstance(members, dict) else {}


def _words(text: str) -> list[str]:
    return text.lower().replace("_", " ").split()
