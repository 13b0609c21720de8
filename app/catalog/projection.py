"""The argument `fields` of every tool that lists or gets: only these members of the answer come back.

It is listed where answers are long; the bytes of the others' schemas are better spent.

`data.*` is implied: a path is looked up in each item of the list, in the object under `data`, and then in the
answer itself. What stands around a list (`total` and the like) stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.tool import Risk, Tool

FIELDS: Final = "fields"
SCHEMA: Final = {"type": "string", "description": "Keep only a,b.c"}

MAX_PATHS: Final = 100
MAX_NAMES_TOLD: Final = 30
MAX_LENGTH: Final = 4_000

LONG_ANSWERS: Final = frozenset(
    {
        *(
            "get_user_stats",
            "get_workspace",
            "get_config",
            "get_prompt",
            "get_prompt_version",
            "get_guardrail",
        ),
        *("get_analytics_group_users", "get_analytics_group_models", "get_analytics_group_providers"),
        *("get_analytics_group_metadata", "get_trace", "get_log", "get_integration", "get_mcp_server"),
    }
)
"""The `get_` tools whose answers are worth cutting."""

_ENVELOPE: Final = "data"


@dataclass(frozen=True, slots=True)
class Projection:
    """The paths a caller wants, each in its steps."""

    paths: tuple[tuple[str, ...], ...]


def takes_fields(tool: Tool) -> bool:
    """Whether the tool has the argument: it reads, and its name says that it lists or gets."""
    return tool.risk == Risk.READ and tool.name.startswith(("list_", "get_"))


def lists_fields(tool: Tool) -> bool:
    """Whether the tool's schema shows the argument."""
    return takes_fields(tool) and (tool.name.startswith("list_") or tool.name in LONG_ANSWERS)


def parse(value: JsonValue) -> Projection | None:
    """Read the argument: a text of dotted paths with commas between them, or a list of them.

    Returns:
        None when nothing was asked for.

    Raises:
        ValueError: It is neither, or too long.
    """
    texts = [value] if isinstance(value, str) else value
    if texts is None:
        return None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError(
            "must be dotted paths with commas between them, such as id,usage_limits.credit_limit"
        )
    given = [path.strip() for text in texts for path in str(text).strip("[] ").split(",")]
    named = dict.fromkeys(path.strip("\"' ") for path in given)
    paths = tuple(steps for path in named if (steps := _steps(path)))
    if len(paths) > MAX_PATHS or sum(len(str(text)) for text in texts) > MAX_LENGTH:
        raise ValueError(f"takes {MAX_PATHS} paths and {MAX_LENGTH} characters at most")
    return Projection(paths) if paths else None


def project(answer: JsonObject, wanted: Projection) -> JsonObject:
    """Return the answer with the wanted members only. Those that are nowhere in it are named in it."""
    holder = answer.get(_ENVELOPE)
    inner: JsonValue = holder if isinstance(holder, list | dict) else None
    name = _ENVELOPE if inner is not None else _only_list(answer)
    items = answer[name] if name else None
    kept: JsonObject = {}
    inside: list[tuple[str, ...]] = []
    unknown: list[JsonValue] = []
    at_top: list[tuple[str, ...]] = []
    for path in wanted.paths:
        steps = path[1:] if name and path[0] == name and len(path) > 1 else path
        if items is not None and (not items or _has(items, steps)):
            inside.append(steps)
        elif _has(answer, path):
            at_top.append(path)
        else:
            unknown.append(".".join(path))
    picked = _pick(answer, at_top)
    for member, item in answer.items():
        if member == name and (inside or isinstance(item, list)) and member not in {p[0] for p in at_top}:
            kept[member] = _pick(items, inside)
        elif isinstance(picked, dict) and member in picked:
            kept[member] = picked[member]
        elif name and not isinstance(item, list | dict):
            kept[member] = item
    if unknown:
        kept["unknown_fields"] = unknown
        kept["fields_here"] = _names(answer if items is None else items)
    return kept


def _steps(path: str) -> tuple[str, ...]:
    return tuple(
        step for step in path.removesuffix("[]").replace("[]", "").split(".") if step not in ("", "*")
    )


def _only_list(answer: JsonObject) -> str | None:
    """The one list that an answer is made of, beside plain members."""
    nested = [name for name, item in answer.items() if isinstance(item, list | dict)]
    return (
        nested[0] if len(nested) == 1 and isinstance(answer[nested[0]], list) and "id" not in answer else None
    )


def _has(node: JsonValue, steps: tuple[str, ...]) -> bool:
    if not steps:
        return True
    if isinstance(node, list):
        return any(_has(item, steps) for item in node)
    return isinstance(node, dict) and steps[0] in node and _has(node[steps[0]], steps[1:])


def _pick(node: JsonValue, paths: list[tuple[str, ...]]) -> JsonValue:
    """The node with nothing but these paths; a list keeps its length."""
    if any(not path for path in paths):
        return node
    if isinstance(node, list):
        return [_pick(item, paths) for item in node if isinstance(item, list | dict)]
    if not isinstance(node, dict):
        return None
    kept: JsonObject = {}
    for member, item in node.items():
        further = [path[1:] for path in paths if path[0] == member and _has(item, path[1:])]
        if further:
            kept[member] = _pick(item, further)
    return kept


def _names(node: JsonValue) -> list[JsonValue]:
    found: dict[JsonValue, None] = {}
    for item in node if isinstance(node, list) else [node]:
        if isinstance(item, dict):
            found.update(dict.fromkeys(item))
    return list(found)[:MAX_NAMES_TOLD]
