"""Arguments made up from a tool's own declarations: any that a client could send.

Where a declaration says more than a schema can (members that depend on each other, forms that only a
validator knows), what does not fit is replaced from the calls of `tests/catalog/calls`, or left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from app.catalog.arguments import InvalidArgumentsError, validate
from app.catalog.tool import Tool
from tests.catalog.every_call import World, every_call, settled

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SLUG = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
FORMATS = {
    "uuid": st.uuids().map(str),
    "email": st.just("ada@example.com"),
    "date-time": st.just("2026-03-01T00:00:00Z"),
}
ROUNDS = 8
DEEPEST = 4


class _Maker:
    """Strategies for the parts of one schema."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self._definitions = definitions

    def value(self, schema: Any, depth: int = 0) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            return self.value(self._definitions[schema["$ref"].rpartition("/")[2]], depth)
        if "enum" in schema or "const" in schema:
            return st.sampled_from(schema.get("enum") or [schema["const"]])
        for union in ("anyOf", "oneOf"):
            if union in schema:
                options = [option for option in schema[union] if option.get("type") != "null"]
                return st.one_of([self.value(option, depth) for option in options])
        kinds: dict[str, Callable[[Any, int], st.SearchStrategy[Any]]] = {
            "string": lambda text, _: _text(text),
            "boolean": lambda *_: st.booleans(),
            "integer": lambda whole, _: _integer(whole),
            "number": lambda number, _: _number(number),
            "array": self._array,
            "object": self.object,
        }
        return kinds[schema.get("type", "string")](schema, depth)

    def object(self, schema: Any, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
        if "properties" not in schema:
            inside = schema.get("additionalProperties")
            inner = self.value(inside, depth + 1) if isinstance(inside, dict) else TEXT
            return st.dictionaries(SLUG, inner, max_size=3)
        needed = schema.get("required", [])
        parts = {
            name: self.value(part, depth + 1)
            for name, part in schema["properties"].items()
            if name in needed or depth < DEEPEST
        }
        return st.fixed_dictionaries(
            {name: parts[name] for name in needed},
            optional={name: part for name, part in parts.items() if name not in needed},
        )

    def _array(self, schema: Any, depth: int) -> st.SearchStrategy[list[Any]]:
        if "prefixItems" in schema:
            return st.tuples(*(self.value(item, depth + 1) for item in schema["prefixItems"])).map(list)
        least = schema.get("minItems", 0)
        if depth >= DEEPEST and not least:
            return st.just([])
        return st.lists(
            self.value(schema.get("items", {}), depth + 1),
            min_size=least,
            max_size=min(schema.get("maxItems", 3), least + 3),
        )


def _text(schema: Any) -> st.SearchStrategy[str]:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    if "pattern" in schema:
        return st.from_regex(schema["pattern"])
    return (SLUG | TEXT).filter(lambda text: len(text) >= schema.get("minLength", 1))


def _integer(schema: Any) -> st.SearchStrategy[int]:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -(2**63) - 1) + 1)
    return st.integers(least, schema.get("maximum", 2**63))


def _number(schema: Any) -> st.SearchStrategy[Any]:
    low, above, high = (schema.get(limit) for limit in ("minimum", "exclusiveMinimum", "maximum"))
    least = low if above is None else above
    whole = st.integers(int(least or 0) + 1, int(high or 2**40))
    fractions = st.floats(least, high, allow_nan=False, allow_infinity=False, exclude_min=above is not None)
    return whole | fractions


@cache
def _whole(name: str, inputs: Any) -> st.SearchStrategy[dict[str, Any]]:
    schema = inputs.model_json_schema()
    return _Maker(schema.get("$defs", {})).object(schema)


@st.composite
def arguments(draw: st.DrawFn, tool: Tool) -> dict[str, Any]:
    """Arguments that fit the tool, its rules included."""
    chosen: dict[str, Any] = dict(draw(_whole(tool.name, tool.inputs)))
    for name in tool.in_path & chosen.keys():
        chosen[name] = draw(FORMATS["uuid"] | SLUG)
    known = every_call().get(tool.name)
    examples = [settled(given, World()) for given in (known.minimal, known.everything)] if known else []
    for attempt in range(ROUNDS):
        try:
            validate(tool, chosen)
        except InvalidArgumentsError as error:
            at_fault = {problem.argument.partition(".")[0] for problem in error.problems}
        else:
            return chosen
        for name in at_fault & chosen.keys():
            spare = [example[name] for example in examples if name in example]
            field = tool.inputs.model_fields.get(name)
            if spare and field and (field.is_required() or not attempt):
                chosen[name] = draw(st.sampled_from(spare))
            else:
                del chosen[name]
        if at_fault - chosen.keys() and examples:
            # A rule between arguments: those of a call that keeps it.
            example = draw(st.sampled_from(examples))
            chosen = {**example} if attempt > 1 else {**chosen, **example}
    assume(condition=False)
    return chosen
