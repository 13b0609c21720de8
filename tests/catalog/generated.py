"""Arguments made up from a tool's own schema: any that a client could send."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st

from app.catalog.rules import AtLeastOneOf, ExactlyOneOf, NotTogether, SomethingToChange
from app.catalog.tool import Tool
from tests.catalog.desk import FORMS

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SLUG = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
FORMATS = {
    "uuid": st.uuids().map(str),
    "email": st.just("ada@example.com"),
    "date-time": st.just("2026-03-01T00:00:00Z"),
}


def _value(schema: Any) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds: dict[str, Callable[[Any], st.SearchStrategy[Any]]] = {
        "string": lambda text: FORMATS.get(text.get("format"), SLUG | TEXT.filter(bool)),
        "boolean": lambda _: st.booleans(),
        "integer": lambda whole: st.integers(whole.get("minimum", -(2**63)), whole.get("maximum", 2**63)),
        "number": _number,
        "array": lambda many: st.lists(_value(many["items"]), max_size=3),
        "object": _object,
    }
    return kinds[schema["type"]](schema)


def _number(schema: Any) -> st.SearchStrategy[Any]:
    low, above, high = (schema.get(limit) for limit in ("minimum", "exclusiveMinimum", "maximum"))
    least = low if above is None else above
    whole = st.integers(int(least or 0) + 1, int(high or 2**40))
    fractions = st.floats(least, high, allow_nan=False, allow_infinity=False, exclude_min=above is not None)
    return whole | fractions


def _object(schema: Any) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" not in schema:
        # Free or not: text values fit every object of the three domains.
        return st.dictionaries(SLUG, TEXT, max_size=3)
    needed = schema.get("required", [])
    parts = {name: _value(part) for name, part in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: parts[name] for name in needed},
        optional={name: part for name, part in parts.items() if name not in needed},
    )


@cache
def _parts(name: str) -> tuple[st.SearchStrategy[dict[str, Any]], dict[str, st.SearchStrategy[Any]]]:
    """All arguments of a tool, and each on its own."""
    schema: Any = FORMS[name]["inputSchema"]
    return _object(schema), {part: _value(inner) for part, inner in schema["properties"].items()}


@st.composite
def arguments(draw: st.DrawFn, tool: Tool) -> dict[str, Any]:
    """Arguments that fit the tool, its rules included."""
    whole, parts = _parts(tool.name)
    chosen = draw(whole)
    for name in tool.in_path & chosen.keys():
        chosen[name] = draw(FORMATS["uuid"] if name == "user_id" else SLUG)
    for name in chosen.keys() & {"tool_choice", "targets", "config"}:
        _mend(name, chosen[name])
    for rule in tool.rules:
        match rule:
            case ExactlyOneOf(names) | AtLeastOneOf(names):
                kept = draw(st.sampled_from(names))
                chosen.setdefault(kept, draw(parts[kept]))
                _mend(kept, chosen[kept])
                if isinstance(rule, ExactlyOneOf):
                    chosen = {name: v for name, v in chosen.items() if name not in names or name == kept}
            case NotTogether(name, others) if name in chosen:
                chosen = {name: v for name, v in chosen.items() if name not in others}
            case SomethingToChange() if chosen.keys() <= {*tool.in_path, "dry_run"}:
                chosen["name"] = draw(SLUG)
    return chosen


def _mend(name: str, value: Any) -> None:
    """Make two parts whose members depend on each other agree."""
    if name == "tool_choice":
        value.pop("function_name", None)
        if value["mode"] == "function":
            value["function_name"] = "weather"
    if name == "targets":
        for target in value:
            target.setdefault("provider", "openai")
