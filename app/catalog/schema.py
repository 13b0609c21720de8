"""The input schema of a tool, as small as it can honestly be.

Some clients refuse `$ref`, unions, type lists, `$schema` and `additionalProperties`, and every byte is the
caller's context window. So references are written out, "or null" is folded away (a `null` counts as not
given), and titles, defaults, limits that go without saying and full stops are dropped. Unknown arguments are
refused by this service, with the nearest known name; the schema need not say it.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from app.catalog.inputs import Folded, Inputs, Pages, Unlisted
from app.catalog.introspect import marked
from app.catalog.json_value import JsonObject

_DROPPED = frozenset(
    {"title", "default", "additionalProperties", "$defs", "pattern", "minLength", "discriminator"}
)
_PLAIN = (("minimum", 0), ("minimum", 1), ("exclusiveMinimum", 0), ("minItems", 1))
"""Limits that go without saying: they are checked, and hardly ever met."""
_ORDER = ("type", "format", "enum", "description")


def input_schema(inputs: type[Inputs]) -> JsonObject:
    """Return the JSON Schema of these inputs, required ones first."""
    full = inputs.model_json_schema(schema_generator=GenerateJsonSchema)
    fields = inputs.model_fields
    listed = {k: v for k, v in full.get("properties", {}).items() if not marked(fields[k], Unlisted)}
    full["properties"] = listed
    small = _small(full, full.get("$defs", {}), ())
    for name in listed:
        if marked(fields[name], Folded):
            _fold(small["properties"][name])
    small.pop("description", None)
    members = small.pop("properties", {})
    if issubclass(inputs, Pages) and "page_size" in members:
        size = members["page_size"]
        members["page_size"] = {"type": "integer", "description": f"At most {size['maximum']}"}
    return {"type": "object", "properties": members, **{k: v for k, v in small.items() if k != "type"}}


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
    small = {key: value for key, value in node.items() if key not in _DROPPED and (key, value) not in _PLAIN}
    if "const" in small:
        small["enum"] = [small.pop("const")]
    if "properties" in small:
        needed = small.get("required", [])
        names = sorted(small["properties"], key=lambda name: name not in needed)
        small["properties"] = {name: _small(small["properties"][name], definitions, inside) for name in names}
    if "items" in small:
        small["items"] = _small(small["items"], definitions, inside)
    if isinstance(text := small.get("description"), str):
        small["description"] = text.removesuffix(".")
    return _ordered(small)


def _fold(node: dict[str, Any]) -> None:
    for member in ("properties", "required"):
        node.pop(member, None)
    for inner in (*node.get("anyOf", ()), *([node["items"]] if "items" in node else [])):
        _fold(inner)


def _ordered(node: dict[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in (*_ORDER, *node) if key in node}
