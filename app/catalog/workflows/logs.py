"""Inserting logs: one from its parts, or several as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.catalog.json_value import JsonValue
from app.catalog.tool import Endpoint, Run
from app.catalog.wire import to_json, to_request
from app.portkey.client import ApiRequest

if TYPE_CHECKING:
    from app.catalog.tools.logging import InsertLog

_INSERT: Final = Endpoint("POST", "/logs")


async def insert_log(inputs: InsertLog, run: Run) -> JsonValue:
    """Insert one log, or the list of `entries`. Raises `PortkeyError`."""
    if inputs.entries is None:
        return (await run.call(to_request(_INSERT, inputs))).data
    entries = [to_json(entry) for entry in inputs.entries]
    return (await run.call(ApiRequest("POST", _INSERT.path, body=entries))).data
