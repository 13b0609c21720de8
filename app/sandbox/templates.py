"""Prompt templates: mustache-style `{{variables}}` in plain text or in a JSON array of messages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, cast

from app.sandbox.json_types import JsonObject, JsonValue

_VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")


def render_messages(template: str, variables: Mapping[str, JsonValue]) -> list[JsonObject]:
    """Return the messages of a template with its variables filled in.

    Args:
        template: Plain text, which becomes one user message, or the JSON text of an array of messages.
        variables: Values by name; a variable without a value becomes empty.
    """
    messages = parse_messages(template)
    if messages is None:
        return [{"role": "user", "content": render_text(template, variables)}]
    return [cast("JsonObject", _render(message, variables)) for message in messages]


def render_text(template: str, variables: Mapping[str, JsonValue]) -> str:
    """Fill in the variables of a text; values are inserted as they are, never read as templates."""
    return _VARIABLE.sub(lambda match: _as_text(variables.get(match[1])), template)


def variable_names(template: str) -> list[str]:
    """Return the names of the variables in a template, sorted."""
    return sorted({match[1] for match in _VARIABLE.finditer(template)})


def parse_messages(template: str) -> list[JsonObject] | None:
    """Return the messages of a JSON template, or None for plain text."""
    try:
        value = json.loads(template)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list) and value and all(isinstance(item, dict) and "role" in item for item in value):
        return value
    return None


def _render(value: JsonValue, variables: Mapping[str, JsonValue]) -> JsonValue:
    if isinstance(value, str):
        return render_text(value, variables)
    if isinstance(value, list):
        return [_render(item, variables) for item in value]
    if isinstance(value, dict):
        return {name: _render(item, variables) for name, item in value.items()}
    return value


def _as_text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
