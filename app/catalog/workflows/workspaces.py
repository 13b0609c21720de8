"""Workflows over workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.tool import Run
from app.portkey.client import ApiRequest

if TYPE_CHECKING:
    from app.catalog.tools.workspaces import DeleteWorkspace

_PATH = "/admin/workspaces/{workspace_id}"


async def delete_workspace(inputs: DeleteWorkspace, run: Run) -> JsonValue:
    """Delete a workspace. Portkey wants its name in the body as a check; it is read first when not given.

    Raises:
        PortkeyError: Either request was refused.
    """
    where = {"workspace_id": inputs.workspace_id}
    name: JsonValue = inputs.name
    if name is None:
        found = (await run.call(ApiRequest("GET", _PATH, path_params=where))).data
        name = found.get("name") if isinstance(found, dict) else None
    body: JsonObject = {} if name is None else {"name": name}
    if inputs.force_delete is not None:
        body["force_delete"] = inputs.force_delete
    return (await run.call(ApiRequest("DELETE", _PATH, path_params=where, body=body))).data
