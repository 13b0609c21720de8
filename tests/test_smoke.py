from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.smoke import SmokeOptions, run_smoke
from app.smoke.options import NEWEST_HANDSHAKE_VERSION

TOKEN = "token-of-the-smoke-test"
TEST_TOKEN = {"MCP_TEST_BEARER_TOKEN": "c"}
LINE = re.compile(r"(ok|FAIL) +(\S+(?: \S+)?) +(\d{3}|-) +\d+ ms  (.+)")
Reply = Callable[[dict[str, Any]], Response]


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a real port in a thread of its own; yields its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


def smoke(base_url: str, *, token: str | None = None, timeout: float = 10.0) -> tuple[int, list[str]]:
    header = ("Authorization", f"Bearer {token}") if token else None
    options = SmokeOptions(base_url, f"{base_url}/mcp", header, step_timeout=timeout)
    lines: list[str] = []
    return run_smoke(options, lines.append), lines


def steps(lines: list[str]) -> dict[str, tuple[str, str, str]]:
    """The verdict, the status and the finding of each step."""
    found = [LINE.fullmatch(line) for line in lines]
    return {match[2]: (match[1], match[3], match[4]) for match in found if match}


def failure(app: ASGIApp, **options: Any) -> tuple[str, str, str]:
    """Run against an application that fails; return the step, the status and the reason."""
    with serving(app) as url:
        code, lines = smoke(url, **options)
    assert code == 1
    step, (verdict, status, reason) = list(steps(lines).items())[-1]
    assert verdict == "FAIL"
    assert len(lines) == len(steps(lines)) + 1
    return step, status, reason.replace(url, "BASE")


# A real MCP server


def tool(name: str, *, reads: bool = True, required: tuple[str, ...] = ()) -> types.Tool:
    schema = {"type": "object", "properties": {each: {"type": "string"} for each in required}}
    return types.Tool(
        name=name,
        input_schema={**schema, "required": list(required)} if required else schema,
        annotations=types.ToolAnnotations(read_only_hint=reads),
    )


def mcp_server(
    *tools: types.Tool, is_error: bool = False, token: str | None = None, page: int = 100, **options: Any
) -> tuple[ASGIApp, list[tuple[str, str | None]]]:
    """Return an application like the service, and the log of its MCP requests: method, session."""

    async def list_tools(
        _ctx: ServerRequestContext[Any, Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        start = int(params.cursor) if params and params.cursor else 0
        following = str(start + page) if start + page < len(tools) else None
        return types.ListToolsResult(tools=list(tools[start : start + page]), next_cursor=following)

    async def call_tool(
        _ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        called.append(params.name)
        return types.CallToolResult(content=[types.TextContent(text=f"no {token}\nhere")], is_error=is_error)

    called: list[str] = []
    seen: list[tuple[str, str | None]] = []
    server = Server("tiny", version="1.2.3", on_list_tools=list_tools, on_call_tool=call_tool)

    async def probe(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    inner = server.streamable_http_app(
        custom_starlette_routes=[Route("/health", probe), Route("/ready", probe)], **options
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/mcp":
            headers = Request(scope).headers
            seen.append((scope["method"], headers.get("mcp-session-id")))
            if token and headers.get("authorization") != f"Bearer {token}":
                await JSONResponse({"error": "invalid_token"}, 401)(scope, receive, send)
                return
        await inner(scope, receive, send)

    return app, seen


@pytest.mark.parametrize("json_response", [True, False])
def test_a_session_is_opened_used_and_ended(json_response: bool) -> None:  # noqa: FBT001
    app, seen = mcp_server(tool("list_users"), tool("list_workspaces"), json_response=json_response)
    with serving(app) as url:
        code, lines = smoke(url)
    assert code == 0, lines
    found = steps(lines)
    assert list(found) == [
        "GET /health",
        "GET /ready",
        "initialize",
        "tools/list",
        "tools/call",
        "DELETE session",
    ]
    assert {verdict for verdict, _, _ in found.values()} == {"ok"}
    assert found["GET /health"][2] == "status ok"
    assert found["initialize"][2] == f"tiny 1.2.3, MCP {NEWEST_HANDSHAKE_VERSION}, with a session"
    assert found["tools/list"][2] == "2 tools"
    assert found["tools/call"][2].startswith("list_workspaces answered ")
    assert lines[-1] == "All steps passed."
    assert [method for method, _ in seen] == ["POST", "POST", "POST", "DELETE"]
    assert seen[0][1] is None
    assert len({session for _, session in seen[1:]}) == 1
    assert seen[1][1]


def test_without_sessions_nothing_is_ended() -> None:
    app, seen = mcp_server(tool("list_users"), stateless_http=True)
    with serving(app) as url:
        code, lines = smoke(url)
    assert code == 0, lines
    assert steps(lines)["initialize"][2].endswith("no session")
    assert steps(lines)["tools/list"][2] == "1 tool"
    assert [method for method, _ in seen] == ["POST", "POST", "POST"]


def test_only_a_tool_that_reads_and_needs_nothing_is_called() -> None:
    many = [tool(f"get_{number}", required=("id",)) for number in range(5)]
    app, _ = mcp_server(
        tool("delete_all", reads=False), *many, tool("list_last"), page=2, stateless_http=True
    )
    with serving(app) as url:
        code, lines = smoke(url)
    assert code == 0, lines
    assert steps(lines)["tools/list"][2] == "7 tools"
    assert steps(lines)["tools/call"][2].startswith("list_last answered")


def test_a_server_without_such_a_tool_still_passes() -> None:
    app, _ = mcp_server(tool("delete_all", reads=False), stateless_http=True)
    with serving(app) as url:
        code, lines = smoke(url)
    assert code == 0, lines
    assert steps(lines)["tools/call"][2].startswith("skipped")


def test_the_token_is_sent_and_never_shown() -> None:
    app, _ = mcp_server(tool("list_workspaces"), token=TOKEN, is_error=True)
    with serving(app) as url:
        code, lines = smoke(url, token=TOKEN)
    assert code == 1
    assert steps(lines)["tools/call"] == ("FAIL", "200", "The tool list_workspaces failed: no *** here")
    assert TOKEN not in "\n".join(lines)
    options = SmokeOptions("http://x", "http://x/mcp", ("Authorization", f"Bearer {TOKEN}"))
    assert TOKEN not in repr(options)


def test_a_token_that_is_missing_or_wrong_is_told_apart() -> None:
    app, _ = mcp_server(tool("list_workspaces"), token=TOKEN)
    step, status, reason = failure(app)
    assert (step, status) == ("initialize", "401")
    assert "none was sent. Set MCP_TEST_BEARER_TOKEN." in reason
    app, _ = mcp_server(tool("list_workspaces"), token=TOKEN)
    step, status, reason = failure(app, token="not-the-right-one")
    assert (step, status) == ("initialize", "401")
    assert reason.startswith("The service refused the token.")


def test_nobody_at_the_port(unused_port: int) -> None:
    code, lines = smoke(f"http://127.0.0.1:{unused_port}")
    assert code == 1
    verdict, status, reason = steps(lines)["GET /health"]
    assert (verdict, status) == ("FAIL", "-")
    assert "Nothing answers at" in reason
    assert "make run" in reason
    assert len(lines) == 2


# Servers that go wrong


def scripted(**replies: Reply) -> ASGIApp:
    """Return an application that goes right, except for the steps (health, ready, tools_list, …) given."""

    def of(name: str, body: dict[str, Any], default: Reply) -> Response:
        return replies.get(name, default)(body)

    async def health(_request: Request) -> Response:
        return of("health", {}, lambda _: JSONResponse({"status": "ok"}))

    async def ready(_request: Request) -> Response:
        return of("ready", {}, lambda _: JSONResponse({"uptime": 1}))

    async def mcp(request: Request) -> Response:
        if request.method == "DELETE":
            return of("delete", {}, lambda _: Response(status_code=204))
        body = await request.json()
        return of(body["method"].replace("/", "_"), body, lambda body: answer(body, RESULTS[body["method"]]))

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/ready", ready),
            Route("/mcp", mcp, methods=["POST", "DELETE"]),
        ]
    )


RESULTS: Mapping[str, Mapping[str, Any]] = {
    "initialize": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "serverInfo": {"name": "s", "version": "1"},
    },
    "tools/list": {"tools": [{"name": "list_all", "inputSchema": {}, "annotations": {"readOnlyHint": True}}]},
    "tools/call": {"content": []},
}


def answer(body: dict[str, Any], result: Any, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": body["id"], "result": result}, headers=headers)


def error(body: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(
        {"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32603, "message": "bad\x1b[31m day"}}, status
    )


def events(*data: str) -> Response:
    async def stream() -> Any:
        for each in data:
            yield f"{each}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


def with_session(body: dict[str, Any]) -> Response:
    return answer(body, RESULTS["initialize"], {"Mcp-Session-Id": "s1"})


def test_the_scripted_server_goes_right() -> None:
    with serving(scripted(initialize=with_session)) as url:
        code, lines = smoke(url)
    assert code == 0, lines
    assert steps(lines)["GET /ready"][2] == "no status given"
    assert steps(lines)["DELETE session"] == ("ok", "204", "session ended")


def test_a_server_that_keeps_its_sessions_passes() -> None:
    with serving(scripted(initialize=with_session, delete=fixed("", 405))) as url:
        code, lines = smoke(url)
    assert code == 0, lines
    assert "expire" in steps(lines)["DELETE session"][2]


def fixed(content: Any, status: int = 200) -> Reply:
    """Reply with a JSON document, or with text as it is."""
    if isinstance(content, str):
        return lambda _body: Response(content, status)
    return lambda _body: JSONResponse(content, status)


def result(value: Any) -> Reply:
    return lambda body: answer(body, value)


def redirect(_body: dict[str, Any]) -> Response:
    return RedirectResponse("https://else.where/", 308)


ENDLESS_LIST = {"tools": [], "nextCursor": "x"}
LONG_REASON = {"isError": True, "content": [1, {"text": "x" * 999}]}


@pytest.mark.parametrize(
    ("step", "reply", "status", "reason"),
    [
        ("GET /health", lambda _: PlainTextResponse("<html>"), "200", "not JSON (text/plain)"),
        ("GET /health", fixed("[" * 100_000), "200", "not JSON (no media type)"),
        ("GET /health", fixed("", 404), "404", "Nothing is served at BASE/health."),
        ("GET /health", redirect, "308", "redirects to https://else.where/"),
        ("GET /ready", fixed({"status": "not_ready"}, 503), "503", "BASE/ready answered 503."),
        ("GET /ready", fixed({"reason": "no key"}, 503), "503", "answered 503: no key."),
        ("GET /ready", fixed({"portkey": {"error": "slow"}}, 503), "503", "answered 503: slow."),
        ("GET /ready", fixed(["odd"], 503), "503", "BASE/ready answered 503."),
        ("initialize", fixed("no", 500), "500", "BASE/mcp answered 500."),
        ("initialize", error, "200", "answered initialize with an error: bad [31m day (code -32603)."),
        ("initialize", lambda body: error(body, 400), "400", "BASE/mcp answered 400: bad [31m day."),
        ("initialize", fixed({"error": 1}), "200", "no reason given (code None)"),
        ("initialize", fixed([]), "200", "is no JSON-RPC answer"),
        ("initialize", fixed({"jsonrpc": "2.0", "id": 99, "result": {}}), "200", "is no JSON-RPC answer"),
        ("initialize", result({}), "200", "names no protocol version"),
        ("initialize", lambda _: events(), "200", "stream ended without an answer"),
        ("initialize", lambda _: events("data: {nonsense"), "200", "event of the stream is not JSON"),
        ("tools/list", result({}), "200", "has no list of tools"),
        ("tools/list", result(ENDLESS_LIST), "200", "does not end within 50 pages"),
        ("tools/call", result({"isError": True}), "200", "list_all failed: it gave no reason."),
        ("tools/call", result(LONG_REASON), "200", f"list_all failed: {'x' * 200}…"),
        ("DELETE session", fixed({"message": "no"}, 500), "500", "answered 500: no."),
    ],
)
def test_what_goes_wrong_is_said_at_the_first_step_that_fails(
    step: str, reply: Reply, status: str, reason: str
) -> None:
    name = {"DELETE session": "delete"}.get(step, step.removeprefix("GET /").replace("/", "_"))
    found = failure(scripted(**{"initialize": with_session, name: reply}))
    assert found[:2] == (step, status)
    assert reason in found[2]
    assert "\x1b" not in found[2]


def test_the_answer_is_picked_out_of_a_stream() -> None:
    def reply(body: dict[str, Any]) -> Response:
        message = {"jsonrpc": "2.0", "id": body["id"], "result": RESULTS[body["method"]]}
        return events(
            ": comment",
            "id: 1\ndata:",
            "event: ping\ndata: x",
            f"data: {json.dumps({'jsonrpc': '2.0', 'method': 'notifications/progress'})}",
            f"data: {json.dumps({'jsonrpc': '2.0', 'id': body['id'], 'method': 'ping'})}",
            f"event: message\r\ndata: {json.dumps(message)}",
        )

    with serving(scripted(initialize=reply, tools_list=reply, tools_call=reply)) as url:
        code, lines = smoke(url)
    assert code == 0, lines


def silent(path: str) -> ASGIApp:
    """An application that starts its answer to a path and never ends it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        if scope["path"] != path:
            await JSONResponse({"status": "ok"})(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    return app


def test_an_answer_that_never_ends_runs_into_the_deadline() -> None:
    started = time.monotonic()
    step, status, reason = failure(silent("/ready"), timeout=0.3)
    assert (step, status) == ("GET /ready", "200")
    assert reason.startswith("No complete answer within 0.3 seconds.")
    assert time.monotonic() - started < 8


def endless() -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(17):
            await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    assert failure(endless())[2] == "The answer is larger than 16 MiB."


def one_shot(reply: bytes) -> Iterator[str]:
    """A server that sends the same bytes to whoever connects, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def test_a_connection_that_breaks_is_told_from_nobody_answering() -> None:
    with contextmanager(one_shot)(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{") as url:
        code, lines = smoke(url)
    assert code == 1
    assert "The connection broke before the answer was complete" in steps(lines)["GET /health"][2]


def test_tls_trouble_is_named() -> None:
    from app.smoke.run import _unreachable  # noqa: PLC0415

    options = SmokeOptions("https://x", "https://x/mcp")
    untrusted = httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert _unreachable(untrusted, options).startswith("The TLS certificate is not trusted")


# Options


def test_the_default_is_this_machine() -> None:
    options = SmokeOptions.from_environment({})
    assert options == SmokeOptions(
        "http://127.0.0.1:3000", "http://127.0.0.1:3000/mcp", None, "2025-11-25", 10.0
    )


def test_port_wins_over_mcp_port() -> None:
    assert SmokeOptions.from_environment({"MCP_PORT": "81"}).base_url == "http://127.0.0.1:81"
    assert SmokeOptions.from_environment({"MCP_PORT": "81", "PORT": "82"}).base_url == "http://127.0.0.1:82"


def test_addresses_and_version_can_be_given() -> None:
    options = SmokeOptions.from_environment(
        {"MCP_TEST_BASE_URL": "https://a.dev/x/", "PORT": "oops", "MCP_TEST_PROTOCOL_VERSION": "2025-06-18"}
    )
    assert (options.base_url, options.mcp_url) == ("https://a.dev/x", "https://a.dev/x/mcp")
    assert options.protocol_version == "2025-06-18"
    options = SmokeOptions.from_environment({"MCP_TEST_MCP_URL": "https://b.dev/m"})
    assert options.mcp_url == "https://b.dev/m"


@pytest.mark.parametrize(
    ("env", "header"),
    [
        ({}, None),
        ({"MCP_AUTH_TOKEN": "a"}, None),
        ({"MCP_AUTH_MODE": "Bearer"}, None),
        ({"MCP_AUTH_MODE": "Bearer", "MCP_AUTH_TOKEN": " , a, b"}, ("Authorization", "Bearer a")),
        ({"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": "a", **TEST_TOKEN}, ("Authorization", "Bearer c")),
        ({**TEST_TOKEN, "MCP_TEST_AUTH_HEADER": "X-Key:  d e"}, ("X-Key", "d e")),
    ],
)
def test_where_the_header_comes_from(env: dict[str, str], header: tuple[str, str] | None) -> None:
    assert SmokeOptions.from_environment(env).auth_header == header


@pytest.mark.parametrize(
    ("env", "variable"),
    [
        ({"PORT": "3000oops"}, "PORT must be a port"),
        ({"MCP_PORT": "99999"}, "MCP_PORT must be a port"),
        ({"MCP_PORT": "80/x y"}, "MCP_PORT must be a port"),
        ({"MCP_TEST_BASE_URL": "a.dev"}, "MCP_TEST_BASE_URL must be an address"),
        ({"MCP_TEST_MCP_URL": "ftp://a.dev"}, "MCP_TEST_MCP_URL must be an address"),
        ({"MCP_TEST_AUTH_HEADER": "Bearer hidden"}, "MCP_TEST_AUTH_HEADER must be a whole header line"),
        ({"MCP_TEST_AUTH_HEADER": "A: hidden\nB: c"}, "MCP_TEST_AUTH_HEADER must be a whole header line"),
        ({"MCP_TEST_BEARER_TOKEN": "hid den"}, "MCP_TEST_BEARER_TOKEN must hold"),
        ({"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": "hid den"}, "MCP_AUTH_TOKEN must hold"),
        ({"MCP_TEST_PROTOCOL_VERSION": "a b"}, "MCP_TEST_PROTOCOL_VERSION must be a version"),
    ],
)
def test_options_that_cannot_work_are_refused_by_name(env: dict[str, str], variable: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        SmokeOptions.from_environment(env)
    assert str(caught.value).startswith(variable)
    assert "hid" not in str(caught.value)


def test_a_service_of_this_machine_with_a_certificate_is_reached_over_https() -> None:
    tls = {"MCP_TLS_CERT_PATH": "/run/secrets/tls.crt"}
    options = SmokeOptions.from_environment(tls)
    assert (options.base_url, options.certificate) == ("https://127.0.0.1:3000", "/run/secrets/tls.crt")
    elsewhere = SmokeOptions.from_environment(tls | {"MCP_TEST_BASE_URL": "https://mcp.example.com"})
    assert elsewhere.certificate is None


@pytest.mark.parametrize(
    "content", [None, "", "-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n"]
)
def test_a_certificate_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "tls.crt"
    if content is not None:
        path.write_text(content)
    lines: list[str] = []
    options = SmokeOptions("https://127.0.0.1:1", "https://127.0.0.1:1/mcp", certificate=str(path))
    assert run_smoke(options, lines.append) == 1
    assert lines[-1].startswith("MCP_TLS_CERT_PATH names no certificate")
