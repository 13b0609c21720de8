"""Workflows over virtual keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.json_value import JsonValue
from app.catalog.masking import MASK
from app.catalog.tool import Run
from app.portkey.client import ApiRequest

if TYPE_CHECKING:
    from app.catalog.tools.keys import OneVirtualKey


async def get_virtual_key(inputs: OneVirtualKey, run: Run) -> JsonValue:
    """Read a virtual key. Portkey's answer has the provider's key as `key`; it is hidden.

    Elsewhere a member of that name is no secret, so the masking of all answers leaves it alone.

    Raises:
        PortkeyError: The request was refused.
    """
    request = ApiRequest("GET", "/virtual-keys/{slug}", path_params={"slug": inputs.slug})
    return _without_key((await run.call(request)).data)


def _without_key(found: JsonValue) -> JsonValue:
    if not isinstance(found, dict):
        return found
    return {
        name: MASK if name == "key" and value else _without_key(value) if name == "data" else value
        for name, value in found.items()
    }
