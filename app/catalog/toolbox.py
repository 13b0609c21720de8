"""What the protocol room talks to: which tools a caller has, and calling one."""

from __future__ import annotations

import asyncio
import difflib
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

from pydantic import SecretStr

from app.auth.policy import GovernedTool, Policy
from app.catalog import results
from app.catalog.arguments import InvalidArgumentsError, validate, wanted_fields
from app.catalog.bounds import DEFAULT_LIMIT
from app.catalog.inputs import Inputs
from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.registry import load_tool
from app.catalog.results import Outcome
from app.catalog.tool import Endpoint, Run, Tool, WorkflowStopped
from app.catalog.trace import Trace
from app.catalog.wire import to_request
from app.portkey.client import ApiAnswer, ApiRequest, PortkeyClient
from app.portkey.credential import Credential
from app.portkey.errors import PortkeyError

__all__ = ["CallContext", "Outcome", "Selection", "Toolbox"]

POLICIES_REMEMBERED: Final = 256

Progress: TypeAlias = Callable[[float, float | None, str], Awaitable[None]]


class Caller(Protocol):
    """Who calls: what the catalogue may know of a principal."""

    @property
    def id(self) -> str:
        """Stable and unique, and never a secret."""
        ...


class PortkeyKey(Protocol):
    """The key that goes with a caller."""

    @property
    def secret(self) -> SecretStr:
        """The key."""
        ...

    @property
    def origin(self) -> str:
        """What to look at when Portkey does not accept it."""
        ...


@dataclass(frozen=True, slots=True)
class CallContext:
    """Who calls, and what goes with the call.

    Attributes:
        principal: Who calls.
        policy: What they may do.
        progress: Where word of progress goes.
        trace: Where what Portkey is asked is noted.
        portkey_key: The key to call Portkey with; None for the server's own.
    """

    principal: Caller
    policy: Policy
    progress: Progress
    trace: Trace = field(default_factory=Trace)
    portkey_key: PortkeyKey | None = None


class Selection:
    """The tools one policy permits: immutable, in catalogue order."""

    def __init__(self, tools: Sequence[GovernedTool], forms: Mapping[str, JsonObject]) -> None:
        self.listed = tuple(tools)
        self.tools = tuple(forms[tool.name] for tool in tools)
        self._by_name = {tool.name: tool for tool in tools}
        self._forms = forms

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def tool(self, name: str) -> GovernedTool | None:
        """Return a tool, or None when there is none of this name for this caller."""
        return self._by_name.get(name)

    def input_schema(self, name: str) -> JsonObject | None:
        """Return the tool's input schema, or None when there is no such tool for this caller."""
        schema = self._forms[name]["inputSchema"] if name in self._by_name else None
        return schema if isinstance(schema, dict) else None

    def nearest(self, name: str) -> str | None:
        """Return the tool whose name is most like this one, if any is."""
        return next(iter(difflib.get_close_matches(name, self._by_name, 1)), None)


class Toolbox:
    """The catalogue in use: the tools of this service and the client that reaches Portkey.

    Args:
        tools: Every tool this service offers, declared or only listed.
        forms: Their wire forms by name.
        portkey: The client for the requests.
        credential: The server's own Portkey key, for callers who have no other; None when there is none, and
            their calls then say how to set one.
        declare: Returns the declaration of a tool that is only listed; called in a thread.
        max_result_bytes: Bytes of text beyond which an answer is cut.

    Attributes:
        calls_under_way: Calls that have begun and not ended.
    """

    def __init__(
        self,
        tools: Sequence[GovernedTool],
        forms: Mapping[str, JsonObject],
        portkey: PortkeyClient,
        credential: Credential | None,
        *,
        declare: Callable[[str, str], Tool] = load_tool,
        max_result_bytes: int = DEFAULT_LIMIT,
    ) -> None:
        self._max_result_bytes = max_result_bytes
        self._tools = tuple(tools)
        self._by_name = {tool.name: tool for tool in tools}
        self._declarations = {tool.name: tool for tool in tools if isinstance(tool, Tool)}
        self._declare = declare
        self._declaring = threading.Lock()
        self._forms = forms
        self._portkey = portkey
        self._credential = credential
        self.calls_under_way = 0
        self.selection = lru_cache(POLICIES_REMEMBERED)(self._select)

    def known(self, name: str) -> GovernedTool | None:
        """Return a tool of this service, whoever may call it; None when there is none of this name."""
        return self._by_name.get(name)

    async def declaration(self, name: str) -> Tool:
        """Return the declaration of a tool. The first time, that may take some milliseconds, in a thread.

        Raises:
            KeyError: This service has no tool of this name.
        """
        declared = self._declarations.get(name)
        if declared is None:
            domain = self._by_name[name].domain
            declared = self._declarations[name] = await asyncio.to_thread(self._load, name, domain)
        return declared

    def _load(self, name: str, domain: str) -> Tool:
        # Tools share parts of their models, which must not be built twice at once.
        with self._declaring:
            return self._declare(name, domain)

    def _select(self, policy: Policy) -> Selection:
        return Selection([tool for tool in self._tools if policy.permits(tool)], self._forms)

    async def call(self, name: str, arguments: Mapping[str, JsonValue], context: CallContext) -> Outcome:
        """Call a tool in the caller's name.

        Returns:
            The outcome, also when the arguments do not fit or Portkey refuses.

        Raises:
            KeyError: The caller has no tool of this name.
        """
        if name not in self.selection(context.policy):
            raise KeyError(name)
        tool = self._declarations.get(name) or await self.declaration(name)
        self.calls_under_way += 1
        try:
            inputs = validate(tool, arguments)
            credential = self._credential_of(context.portkey_key)
            run = _PortkeyRun(self._portkey, credential, context.progress, context.trace)
            data = await _perform(tool, inputs, run)
        except InvalidArgumentsError as error:
            return results.refused(error)
        except WorkflowStopped as error:
            return results.stopped(error)
        except PortkeyError as error:
            return results.failed(tool, error)
        finally:
            self.calls_under_way -= 1
        return results.succeeded(
            tool, inputs, data, wanted=wanted_fields(tool, arguments), limit=self._max_result_bytes
        )

    def _credential_of(self, key: PortkeyKey | None) -> Credential | None:
        if key is None:
            return self._credential
        return Credential(key.secret.get_secret_value(), key.origin)


async def _perform(tool: Tool, inputs: Inputs, run: Run) -> JsonValue:
    if tool.preview and getattr(inputs, "dry_run", False):
        return await tool.preview(inputs, run)
    if isinstance(tool.call, Endpoint):
        return (await run.call(to_request(tool.call, inputs))).data
    return await tool.call.run(inputs, run)


class _PortkeyRun:
    """The `Run` of one call."""

    def __init__(
        self, portkey: PortkeyClient, credential: Credential | None, progress: Progress, trace: Trace
    ) -> None:
        self._portkey = portkey
        self._credential = credential
        self._progress = progress
        self._trace = trace
        self._done = 0.0
        self._total: float | None = None

    async def call(self, request: ApiRequest) -> ApiAnswer:
        exchange = self._trace.begin(request)
        try:
            answer = await self._portkey.call(request, self._credential, on_wait=self._waiting)
        except PortkeyError as error:
            exchange.failed(error)
            raise
        exchange.answered(answer)
        return answer

    async def progress(self, done: float, total: float | None, message: str) -> None:
        self._done, self._total = done, total
        await self._progress(done, total, message)

    async def _waiting(self, why: str) -> None:
        await self._progress(self._done, self._total, why)
