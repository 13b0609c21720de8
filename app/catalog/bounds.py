"""The size of one answer: beyond the limit it is cut where it does least harm, and says so.

A list is cut between two items. What is no list keeps its form: its longest texts are cut and marked, then
its longest lists; and what is still too large is left out by name. Nothing is cut silently.
"""

from __future__ import annotations

import json
from typing import Final

import orjson

from app.catalog.inputs import Inputs, Local, Pages, Unlisted
from app.catalog.introspect import marked
from app.catalog.json_value import JsonObject, JsonValue, is_unicode
from app.catalog.projection import FIELDS, takes_fields
from app.catalog.tool import Tool

DEFAULT_LIMIT: Final = 100 * 1024

_ROOM_FOR_THE_NOTE: Final = 1_024
_TEXTS: Final = (4_000, 1_000, 200)
_ITEMS: Final = (100, 10)
_MOST_FILTERS: Final = 12


def compact(data: JsonValue) -> str:
    """Return JSON without blanks."""
    try:
        return orjson.dumps(data).decode()
    except TypeError:
        # Deeper than orjson goes, or an integer beyond 64 bits.
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return text if is_unicode(text) else json.dumps(data, separators=(",", ":"))


def bounded(tool: Tool, inputs: Inputs, answer: JsonObject, limit: int) -> tuple[JsonObject, str]:
    """Return the answer, cut to about `limit` bytes of compact JSON where it is larger, and that JSON.

    What was left out, and how to ask for less, is told under `cut`.
    """
    text = compact(answer)
    size = len(text.encode())
    if size <= limit:
        return answer, text
    room = max(limit - _ROOM_FOR_THE_NOTE, limit // 2)
    name = main_list(answer)
    shorter = _fewer_items(tool, inputs, answer, name, room) if name else None
    if shorter is None:
        shorter = _smaller(answer, room)
        shorter["cut"] = {
            "bytes": size,
            "limit": limit,
            "members_left_out": len(answer) - len(shorter),
            "how": "Long texts and lists are cut and marked, members that do not fit are left out.",
            "narrow_with": _narrowing(tool),
        }
    return shorter, compact(shorter)


def main_list(answer: JsonObject) -> str | None:
    """Return the name of the list that an answer is made of: `data`, or the only list there is."""
    if "data" in answer:
        return "data" if isinstance(answer["data"], list) else None
    lists = [name for name, item in answer.items() if isinstance(item, list)]
    return lists[0] if len(lists) == 1 else None


def _fewer_items(tool: Tool, inputs: Inputs, answer: JsonObject, name: str, room: int) -> JsonObject | None:
    items = answer[name]
    if not isinstance(items, list):
        return None
    left = room - _size({member: item for member, item in answer.items() if member != name})
    shown = 0
    for item in items:
        left -= _size(item) + 1
        if left < 0:
            break
        shown += 1
    if not shown:
        return None
    told: JsonObject = {"shown": shown, "left_out": len(items) - shown, "narrow_with": _narrowing(tool)}
    shorter: JsonObject = {**answer, name: items[:shown], "cut": told}
    if isinstance(inputs, Pages):
        page = getattr(inputs, inputs.page_argument)
        before = 0 if page is None else page - inputs.first_page
        if not before or inputs.page_size:
            # Pages of what fits, from the first one that holds something not shown.
            seen = before * (inputs.page_size or 0) + shown
            shorter["next_page"] = {
                inputs.page_argument: inputs.first_page + seen // shown,
                "page_size": shown,
            }
        else:
            told["page_size"] = shown
            shorter.pop("next_page", None)
    return shorter


def _narrowing(tool: Tool) -> list[JsonValue]:
    """The arguments that make an answer smaller."""
    names: list[JsonValue] = [FIELDS] if takes_fields(tool) else []
    if issubclass(tool.inputs, Pages):
        names.append("page_size")
        page = tool.inputs.page_argument
        names += [
            name
            for name, field in tool.inputs.model_fields.items()
            if name not in (page, "page_size") and not field.is_required()
            if not marked(field, Local) and not marked(field, Unlisted)
        ][:_MOST_FILTERS]
    return names


def _smaller(answer: JsonObject, room: int) -> JsonObject:
    for texts, items in (
        (_TEXTS[0], None),
        (_TEXTS[1], None),
        *((_TEXTS[2], most) for most in (None, *_ITEMS)),
    ):
        shorter = _cut(answer, texts, items)
        if isinstance(shorter, dict) and _size(shorter) <= room:
            return shorter
    kept: JsonObject = {}
    for name, item in sorted(answer.items(), key=lambda member: _size(member[1])):
        mark = f"[left out by portkey-admin-mcp: {_size(item):,} bytes]"
        for shown in (item, mark):
            if (taken := _size({name: shown})) <= room:
                kept[name] = shown
                room -= taken
                break
    return {name: kept[name] for name in answer if name in kept}


def _cut(node: JsonValue, texts: int, items: int | None) -> JsonValue:
    if isinstance(node, str):
        if len(node) <= texts * 2:
            return node
        return f"{node[:texts]}[... {len(node) - texts:,} more characters cut by portkey-admin-mcp]"
    if isinstance(node, dict):
        return {name: _cut(item, texts, items) for name, item in node.items()}
    if isinstance(node, list):
        kept = [_cut(item, texts, items) for item in (node if items is None else node[:items])]
        if len(kept) < len(node):
            kept.append(f"[{len(node) - len(kept):,} more items cut by portkey-admin-mcp]")
        return kept
    return node


def _size(data: JsonValue) -> int:
    return len(compact(data).encode())
