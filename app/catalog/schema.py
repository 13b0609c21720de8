"""The input schema of a tool, as small as it can honestly be.

Some clients refuse `$ref`, unions, type lists, `$schema` and `additionalProperties`, and every byte is the
caller's context window. So references are written out, "or null" is folded away (a `null` counts as not
given), and titles and defaults go. Unknown arguments are refused by this service, with the nearest known
name; the schema need not say it.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from app.catalog.inputs import Inputs
from app.catalog.json_value import JsonObject

_DROPPED = frozenset(
    {"title", "default", "additionalProperties", "$defs", "pattern", "minLength", "discriminator"}
)
_ORDER = ("type", "format", "enum", "description")


def input_schema(inputs: type[Inputs]) -> JsonObject:
    """Return the JSON Schema of these inputs, required ones first."""
    full = inputs.model_json_schema(schema_generator=GenerateJsonSchema)
    small = _small(full, full.get("$defs", {}), ())
    small.pop("description", None)
    return {
        "type": "object",
        "properties": small.pop("properties", {}),
        **{k: v for k, v in small.items() if k != "type"},
    }


def _small(node: dict[str, Any], definitions: dict[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        described = {key: value for key, value in node.items() if key != "$ref"}
        if name in inside:
            return _ordered({"type": "object", **described})
        target = {key: value for key, value in definitions[name].items() if key != "description"}
        return _small({**target, **described}, definitions, (*inside, name))
    if options := [option for option in node.get("anyOf", ()) if option != {"type": "null"}]:
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        if len(options) == 1:
            return _small({**options[0], **rest}, definitions, inside)
        node = {**rest, "anyOf": [_small(option, definitions, inside) for option in options]}
    small = {key: value for key, value in node.items() if key not in _DROPPED}
    if "const" in small:
        small["enum"] = [small.pop("const")]
    if "properties" in small:
        needed = small.get("required", [])
        names = sorted(small["properties"], key=lambda name: name not in needed)
        small["properties"] = {name: _small(small["properties"][name], definitions, inside) for name in names}
    if "items" in small:
        small["items"] = _small(small["items"], definitions, inside)
    return _ordered(small)


def _ordered(node: dict[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in (*_ORDER, *node) if key in node}
