"""Tags as list filters take them: a JSON object in the query."""

from __future__ import annotations

import json

from app.sandbox.errors import invalid
from app.sandbox.json_types import JsonObject, JsonValue, as_object


def read_tags(given: str | None) -> JsonObject:
    """Return the tags to look for; no filter gives none.

    Raises:
        ApiError: 400 if they are not a JSON object.
    """
    try:
        tags: JsonValue = json.loads(given or "{}")
    except (ValueError, RecursionError):
        tags = None
    if not isinstance(tags, dict):
        raise invalid(["tags must be a JSON object"])
    return tags


def has_tags(record: JsonObject, wanted: JsonObject) -> bool:
    """Say whether a record carries all of the wanted tags."""
    return wanted.items() <= as_object(record["tags"]).items()
