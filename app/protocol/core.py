"""What answers, whichever way a request comes in. It knows nothing of the MCP SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from app.protocol.auditing import CallAudit
from app.protocol.caller import Callers
from app.protocol.calling import ToolCalls
from app.protocol.changes.notices import ChangeNotices
from app.protocol.results import Results
from app.protocol.stored import StoredResults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.auth.policy import Policy
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal
    from app.catalog.json_value import JsonObject
    from app.catalog.toolbox import Selection, Toolbox


@dataclass(frozen=True, slots=True)
class Core:
    """The parts.

    Attributes:
        toolbox: The catalogue in use.
        callers: Finds out who asks.
        calls: Calls tools.
        results: Makes results that are the same for all callers with the same tools.
        stored: Keeps these.
        notices: What may change while this process runs.
        schemas_with_headers: The input schemas that name HTTP headers, by tool.
    """

    toolbox: Toolbox
    callers: Callers
    calls: ToolCalls
    results: Results
    stored: StoredResults
    notices: ChangeNotices
    schemas_with_headers: Mapping[str, JsonObject]


def build_core(  # noqa: PLR0913 - the parts come from the composition root, each by name
    toolbox: Toolbox,
    *,
    version: str,
    default_principal: Principal,
    default_policy: Policy,
    default_portkey_key: PortkeyKey | None = None,
    sandbox: bool,
    page_size: int | None = None,
    asks: bool = False,
    audit: CallAudit | None = None,
    notices: ChangeNotices | None = None,
) -> Core:
    """Build it.

    Args:
        toolbox: The catalogue in use.
        version: This service's version.
        default_principal: Who calls when the transport does not say, as on stdio.
        default_policy: What such a caller may do.
        default_portkey_key: What such a caller calls Portkey with; None for the server's own key.
        sandbox: Whether calls reach the sandbox, which the instructions tell.
        page_size: Tools on a page of tools/list; None for one page.
        asks: Whether a person is asked before a call that destroys.
        audit: Puts tool calls on record.
        notices: What may change while the process runs; None for nothing.
    """
    notices = notices or ChangeNotices()
    results = Results(
        toolbox, version=version, notices=notices, sandbox=sandbox, confirms=asks, page_size=page_size
    )
    return Core(
        toolbox=toolbox,
        callers=Callers(default_principal, default_policy, default_portkey_key),
        calls=ToolCalls(toolbox, audit or CallAudit(), asks=asks),
        results=results,
        stored=StoredResults(toolbox, results),
        notices=notices,
        schemas_with_headers=_schemas_with_headers(toolbox.selection(default_policy)),
    )


def _schemas_with_headers(selection: Selection) -> dict[str, JsonObject]:
    """Return the input schemas that name HTTP headers (`x-mcp-header`), by tool.

    The SDK checks such headers before each call by walking the schema, 0.1 ms for a large one; and
    without a way to look schemas up it would list all tools to find them.
    """
    schemas = {str(tool["name"]): tool["inputSchema"] for tool in selection.tools}
    return {
        name: schema
        for name, schema in schemas.items()
        if isinstance(schema, dict) and b'"x-mcp-header"' in orjson.dumps(schema)
    }
