"""Secrets in answers: hidden before a model reads them, and never written back by mistake.

Portkey returns some secrets in full, such as an `api_key` inside a gateway config's target. An agent needs to
know that they are set, not what they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from app.catalog.json_value import MAX_DEPTH, JsonValue

MASK: Final = "[hidden by portkey-admin-mcp]"
TOO_DEEP: Final = "[left out by portkey-admin-mcp: nested too deeply]"

_SECRET: Final = re.compile(
    r"(^|[_\-.])(api[_-]?key|authorization|password|passwd|passphrase|secret|private[_-]?key|secret[_-]?key|"
    r"secret[_-]?access[_-]?key|(session|access|refresh|auth|bearer|api|ad|id)[_-]?token|credentials?|cookie)$"
)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(4096)
def is_secret(name: str) -> bool:
    """Whether what stands under this name is a secret, in snake_case, kebab-case or camelCase."""
    return _SECRET.search(_HUMP.sub("_", name).lower()) is not None


def hide_secrets(
    value: JsonValue, *, secret: bool = False, described: bool = False, depth: int = 0
) -> JsonValue:
    """Return the value with each non-empty text or number under a secret's name replaced by `MASK`.

    Args:
        value: An answer, or a part of one. What is nested deeper than 100 levels is left out.
        secret: The value itself stands under a secret's name.
        described: Its members are the properties of a JSON Schema: a property called `password` is no secret.
        depth: How deep it stands.
    """
    if isinstance(value, list | dict):
        if depth >= MAX_DEPTH:
            return TOO_DEEP
        if isinstance(value, list):
            return [hide_secrets(item, secret=secret, depth=depth + 1) for item in value]
        schema = value.get("type") == "object"
        return {
            name: hide_secrets(
                item,
                secret=secret or (not described and is_secret(name)),
                described=schema and name == "properties",
                depth=depth + 1,
            )
            for name, item in value.items()
        }
    return value if not secret or value is None or value == "" or isinstance(value, bool) else MASK


def holds_mask(value: JsonValue) -> bool:
    """Whether the placeholder stands anywhere in the value."""
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, list):
        return any(holds_mask(item) for item in value)
    return isinstance(value, dict) and any(holds_mask(item) for item in value.values())
