"""The steps of the smoke test, in the order in which they are taken."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx2

from app.smoke.wire import Answer, Json, SmokeFailure, exchange, explained, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.smoke.options import SmokeOptions

_PREFERRED_TOOL: Final = "list_workspaces"
_MOST_PAGES: Final = 50


class Steps:
    """One conversation with the service. Each step returns a short finding or raises SmokeFailure.

    Attributes:
        status: HTTP status of the latest exchange; None when it had no answer.
        session_id: The session that initialize opened, if any.
    """

    def __init__(self, client: httpx2.AsyncClient, options: SmokeOptions) -> None:
        """Take the client to speak through, and where to."""
        self.status: int | None = None
        self.session_id: str | None = None
        self._client = client
        self._options = options
        self._headers = {"Accept": "application/json, text/event-stream"}
        self._last_id = 0
        self._tools: list[Mapping[str, Json]] = []

    async def health(self) -> str:
        """Ask whether the process is alive."""
        return await self._probe("/health")

    async def ready(self) -> str:
        """Ask whether the service takes requests."""
        return await self._probe("/ready")

    async def initialize(self) -> str:
        """Shake hands; a session may follow from it."""
        params: dict[str, Json] = {
            "protocolVersion": self._options.protocol_version,
            "capabilities": {},
            "clientInfo": {"name": "portkey-admin-mcp-smoke", "version": "1"},
        }
        result, answer = await self._call("initialize", params)
        version, server = result.get("protocolVersion"), result.get("serverInfo")
        if not isinstance(version, str) or not isinstance(server, dict):
            raise SmokeFailure("The answer to initialize names no protocol version or no server.")
        self._headers["MCP-Protocol-Version"] = version
        self.session_id = answer.headers.get("mcp-session-id")
        if self.session_id:
            self._headers["Mcp-Session-Id"] = self.session_id
        name = quoted(f"{server.get('name')} {server.get('version')}")
        return f"{name}, MCP {quoted(version)}, {'with a session' if self.session_id else 'no session'}"

    async def list_tools(self) -> str:
        """List all tools, straight after initialize: no client is obliged to pause in between."""
        cursor: Json = None
        for _page in range(_MOST_PAGES):
            result, _ = await self._call("tools/list", {} if cursor is None else {"cursor": cursor})
            tools = result.get("tools")
            if not isinstance(tools, list):
                raise SmokeFailure("The answer to tools/list has no list of tools.")
            self._tools += [tool for tool in tools if isinstance(tool, dict)]
            cursor = result.get("nextCursor")
            if cursor is None:
                return "1 tool" if len(self._tools) == 1 else f"{len(self._tools)} tools"
        raise SmokeFailure(f"The list of tools does not end within {_MOST_PAGES} pages.")

    async def call_tool(self) -> str:
        """Call one tool that only reads and needs no arguments."""
        name = self._tool_to_call()
        if name is None:
            return "skipped: no tool here only reads and needs no arguments"
        result, _ = await self._call("tools/call", {"name": name, "arguments": {}})
        if result.get("isError"):
            said = _first_text(result)
            raise SmokeFailure(f"The tool {quoted(name)} failed: {said or 'it gave no reason.'}")
        return f"{quoted(name)} answered {len(json.dumps(result)):,} bytes"

    async def end_session(self) -> str:
        """End the session, so that the test leaves nothing behind."""
        answer = await self._exchange(
            self._client.build_request("DELETE", self._options.mcp_url, headers=self._headers)
        )
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            return "the server lets sessions expire instead"
        self._require_success(answer, self._options.mcp_url)
        return "session ended"

    def _tool_to_call(self) -> str | None:
        names = [
            name for tool in self._tools if isinstance(name := tool.get("name"), str) and _is_harmless(tool)
        ]
        if _PREFERRED_TOOL in names:
            return _PREFERRED_TOOL
        return names[0] if names else None

    async def _probe(self, path: str) -> str:
        url = f"{self._options.base_url}{path}"
        answer = await self._exchange(self._client.build_request("GET", url))
        self._require_success(answer, url)
        status = answer.data.get("status") if isinstance(answer.data, dict) else None
        return f"status {quoted(status)}" if isinstance(status, str) else "no status given"

    async def _call(self, method: str, params: dict[str, Json]) -> tuple[dict[str, Json], Answer]:
        self._last_id += 1
        message = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        url = self._options.mcp_url
        request = self._client.build_request("POST", url, headers=self._headers, json=message)
        answer = await self._exchange(request, self._last_id)
        self._require_success(answer, url)
        data = answer.data
        error = data.get("error") if isinstance(data, dict) else None
        if error is not None:
            code = error.get("code") if isinstance(error, dict) else None
            said = explained(answer) or "no reason given"
            raise SmokeFailure(
                f"The server answered {method} with an error: {said} (code {quoted(str(code))})."
            )
        result = data.get("result") if isinstance(data, dict) and data.get("id") == self._last_id else None
        if not isinstance(result, dict):
            raise SmokeFailure(
                f"The answer to {method} is no JSON-RPC answer. Does this address speak MCP: {url}?"
            )
        return result, answer

    async def _exchange(self, request: httpx2.Request, request_id: int | None = None) -> Answer:
        self.status = None
        return await exchange(self._client, request, request_id=request_id, on_status=self._saw_status)

    def _saw_status(self, status: int) -> None:
        self.status = status

    def _require_success(self, answer: Answer, url: str) -> None:
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        said = explained(answer)
        because = f": {said}" if said else ""
        if status == HTTPStatus.UNAUTHORIZED:
            if self._options.auth_header is None:
                raise SmokeFailure("The service wants a token and none was sent. Set MCP_TEST_BEARER_TOKEN.")
            raise SmokeFailure(
                "The service refused the token. Check MCP_TEST_AUTH_HEADER, MCP_TEST_BEARER_TOKEN or"
                " MCP_AUTH_TOKEN, whichever you set."
            )
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            target = quoted(answer.headers.get("location", "an unknown address"))
            raise SmokeFailure(
                f"{url} redirects to {target}. Set MCP_TEST_BASE_URL or MCP_TEST_MCP_URL to that."
            )
        if status == HTTPStatus.NOT_FOUND and not said:
            raise SmokeFailure(f"Nothing is served at {url}. Check MCP_TEST_BASE_URL and MCP_TEST_MCP_URL.")
        raise SmokeFailure(f"{url} answered {status}{because}.")


def _is_harmless(tool: Mapping[str, Json]) -> bool:
    annotations, schema = tool.get("annotations"), tool.get("inputSchema")
    reads = isinstance(annotations, dict) and annotations.get("readOnlyHint") is True
    return reads and not (isinstance(schema, dict) and schema.get("required"))


def _first_text(result: Mapping[str, Json]) -> str:
    content = result.get("content")
    for block in content if isinstance(content, list) else []:
        if isinstance(block, dict) and isinstance(said := block.get("text"), str):
            return quoted(said)
    return ""
