"""The SDK's server: which method is answered by what. Transports are elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from mcp.server.caching import CacheableMethod, CacheHint
from mcp_types import (
    CallToolRequestParams,
    CompleteRequestParams,
    GetPromptRequestParams,
    Icon,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    SubscriptionsListenRequestParams,
)

from app.protocol import identity
from app.protocol.admin_server import AdminServer
from app.protocol.call_handler import CallHandler
from app.protocol.calling import METHOD as CALL_TOOL
from app.protocol.changes.listening import METHOD as LISTEN
from app.protocol.changes.listening import ListenStreams
from app.protocol.changes.sessions import SessionNotices
from app.protocol.common_results import CommonResults
from app.protocol.completions import Completions
from app.protocol.guard import guarded
from app.protocol.prompts import Prompts
from app.protocol.request_state import RequestStates
from app.protocol.resources import Resources
from app.protocol.results import FRESH_FOR_MS
from app.protocol.state_keys import StateKeys
from app.protocol.stored import LIST_TOOLS
from app.protocol.uris import uris_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from app.protocol.confirmation import Confirmation
    from app.protocol.context import RequestContext
    from app.protocol.core import Core


def build_server(
    core: Core,
    *,
    tracing: bool = False,
    confirmation: Confirmation | None = None,
    state_keys: StateKeys | None = None,
    state_ttl: float = 300.0,
) -> AdminServer:
    """Build the server of the whole process.

    Args:
        core: What answers.
        tracing: Whether each message gets an OpenTelemetry span.
        confirmation: Asks a person before a call that destroys, where the core says that one is asked.
        state_keys: Seal what clients carry between a question and its answer; None for keys of this process.
        state_ttl: Seconds for which that is good.
    """
    toolbox, callers, notices = core.toolbox, core.callers, core.notices
    server = AdminServer(
        identity.NAME,
        version=core.results.stamp["version"],
        title=identity.TITLE,
        instructions=core.results.instructions(callers.default_policy),
        icons=[Icon.model_validate(identity.ICON)],
        cache_hints=dict.fromkeys(get_args(CacheableMethod), CacheHint(ttl_ms=FRESH_FOR_MS, scope="private")),
        get_tool_input_schema=core.schemas_with_headers.get,
    )
    server.core = core
    if not tracing:
        server.middleware.clear()

    resources = Resources(toolbox, callers)
    prompts = Prompts(toolbox, callers)

    def answer(
        method: str, params_type: type[BaseModel], handler: Callable[[RequestContext, Any], Any]
    ) -> None:
        server.add_request_handler(method, params_type, guarded(handler, callers))

    common = CommonResults(core.stored, callers)
    answer(LIST_TOOLS, PaginatedRequestParams, common.list_tools)
    calls = CallHandler(core.calls, callers, toolbox, confirmation)
    answer(CALL_TOOL, CallToolRequestParams, calls.handle)
    answer("resources/list", PaginatedRequestParams, resources.list_resources)
    answer("resources/templates/list", PaginatedRequestParams, resources.list_templates)
    answer("resources/read", ReadResourceRequestParams, resources.read)
    answer("prompts/list", PaginatedRequestParams, prompts.list_prompts)
    answer("prompts/get", GetPromptRequestParams, prompts.get)
    answer("completion/complete", CompleteRequestParams, Completions(toolbox, callers, prompts).handle)
    listening = ListenStreams(notices, toolbox, callers, resources=uris_of)
    notices.on_release(listening.close)
    answer(LISTEN, SubscriptionsListenRequestParams, listening.handle)
    server.middleware.append(calls.watch)
    server.middleware.append(RequestStates(state_keys or StateKeys.of(()), callers, ttl=state_ttl))
    server.connected = lambda _connection: None
    if notices.sessions:
        told = SessionNotices(notices)
        server.connected = told.take_note
        server.middleware.append(told.remember)
    server.middleware.append(common.answer)
    return server
