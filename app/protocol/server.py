"""The MCP server: which method is answered by what. Transports are elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

import orjson
from mcp.server.caching import CacheableMethod, CacheHint
from mcp_types import (
    CallToolRequestParams,
    CompleteRequestParams,
    GetPromptRequestParams,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    RequestParams,
    SubscriptionsListenRequestParams,
)

from app.protocol import identity
from app.protocol.admin_server import AdminServer, Core
from app.protocol.auditing import CallAudit
from app.protocol.caller import Callers, RequestContext
from app.protocol.calling import METHOD as CALL_TOOL
from app.protocol.calling import ToolCalls
from app.protocol.changes.listening import METHOD as LISTEN
from app.protocol.changes.listening import ListenStreams
from app.protocol.changes.notices import ChangeNotices
from app.protocol.changes.sessions import SessionNotices
from app.protocol.completions import Completions
from app.protocol.guard import guarded
from app.protocol.instructions import instructions
from app.protocol.introduction import Introduction
from app.protocol.listing import METHOD as LIST_TOOLS
from app.protocol.listing import ToolListing
from app.protocol.prompts import Prompts
from app.protocol.request_state import RequestStates, StateKeys
from app.protocol.resources import Resources, domains_of, uris_of
from app.protocol.stored import StoredResults

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from app.auth.policy import Policy
    from app.auth.portkey_key import PortkeyKey
    from app.auth.principal import Principal
    from app.catalog.json_value import JsonObject
    from app.catalog.toolbox import Selection, Toolbox
    from app.protocol.confirmation import Confirmation

LISTS_ARE_FRESH_FOR_MS: Final = 300_000
"""How long a client may keep lists, resources and the server's description. They change with a deployment,
and with the policy file, of which listeners are told."""


def build_server(  # noqa: PLR0913 - the parts come from the composition root, each by name
    toolbox: Toolbox,
    *,
    version: str,
    default_principal: Principal,
    default_policy: Policy,
    default_portkey_key: PortkeyKey | None = None,
    sandbox: bool,
    page_size: int | None = None,
    tracing: bool = False,
    confirmation: Confirmation | None = None,
    state_keys: StateKeys | None = None,
    state_ttl: float = 300.0,
    audit: CallAudit | None = None,
    notices: ChangeNotices | None = None,
) -> AdminServer:
    """Build the server of the whole process.

    Args:
        toolbox: The catalogue in use.
        version: This service's version.
        default_principal: Who calls when the transport does not say, as on stdio.
        default_policy: What such a caller may do.
        default_portkey_key: What such a caller calls Portkey with; None for the server's own key.
        sandbox: Whether calls reach the sandbox, which the instructions tell.
        page_size: Tools on a page of tools/list; None for one page.
        tracing: Whether each message gets an OpenTelemetry span.
        confirmation: Asks a person before a call that destroys; None for not asking.
        state_keys: Seal what clients carry between a question and its answer; None for keys of this process.
        state_ttl: Seconds for which that is good.
        audit: Puts tool calls on record.
        notices: What may change while the process runs; None for nothing.
    """
    callers = Callers(default_principal, default_policy, default_portkey_key)
    everything = toolbox.selection(default_policy)
    hint = CacheHint(ttl_ms=LISTS_ARE_FRESH_FOR_MS, scope="private")
    server = AdminServer(
        identity.NAME,
        version=version,
        title=identity.TITLE,
        instructions=instructions(
            domains=domains_of(everything), sandbox=sandbox, confirms=confirmation is not None
        ),
        icons=[identity.ICON],
        cache_hints=dict.fromkeys(get_args(CacheableMethod), hint),
        get_tool_input_schema=_schemas_with_headers(everything).get,
    )
    server.notices = notices or ChangeNotices()
    if not tracing:
        server.middleware.clear()

    listing = ToolListing(toolbox, callers, page_size=page_size)
    resources = Resources(toolbox, callers)
    prompts = Prompts(toolbox, callers)
    introduction = Introduction(server, toolbox, callers, sandbox=sandbox, confirms=confirmation is not None)

    def answer(
        method: str, params_type: type[BaseModel], handler: Callable[[RequestContext, Any], Any]
    ) -> None:
        server.add_request_handler(method, params_type, guarded(handler, callers))

    answer(LIST_TOOLS, PaginatedRequestParams, listing.handle)
    calls = ToolCalls(toolbox, callers, audit or CallAudit(), confirmation)
    answer(CALL_TOOL, CallToolRequestParams, calls.handle)
    answer("resources/list", PaginatedRequestParams, resources.list_resources)
    answer("resources/templates/list", PaginatedRequestParams, resources.list_templates)
    answer("resources/read", ReadResourceRequestParams, resources.read)
    answer("prompts/list", PaginatedRequestParams, prompts.list_prompts)
    answer("prompts/get", GetPromptRequestParams, prompts.get)
    answer("completion/complete", CompleteRequestParams, Completions(toolbox, callers, prompts).handle)
    listening = ListenStreams(server.notices, toolbox, callers, resources=uris_of)
    server.notices.on_release(listening.close)
    answer(LISTEN, SubscriptionsListenRequestParams, listening.handle)
    answer("server/discover", RequestParams, introduction.discover)
    server.middleware.append(introduction.complete)
    server.middleware.append(calls.watch)
    server.middleware.append(RequestStates(state_keys or StateKeys.of(()), callers, ttl=state_ttl))
    if server.notices.sessions:
        server.middleware.append(SessionNotices(server.notices).remember)
    stored = StoredResults(toolbox, callers)
    server.middleware.insert(0, stored.listen)
    server.middleware.append(stored.remember)
    server.core = Core(callers, calls, stored)
    return server


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
