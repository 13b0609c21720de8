from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from app.auth.bearer import BearerVerifier
from tests.web.support import RAW_CALL, build, client, running


def access_lines(logs: list[Any]) -> list[dict[str, Any]]:
    return [line for line in logs if line["event"] == "http_request"]


async def test_a_call_leaves_one_line_that_tells_what_happened() -> None:
    app = build(auth_mode="bearer", verifier=BearerVerifier(["s3cret"]))
    headers = {"Authorization": "Bearer s3cret", "Mcp-Method": "tools/call", "Mcp-Name": "list_users"}
    with capture_logs() as logs:
        async with client(app) as http:
            response = await http.post("/mcp?user=users&token=leak", json={}, headers=headers)
    (line,) = access_lines(logs)
    assert line["method"] == "POST"
    assert line["path"] == "/mcp"
    assert line["status"] == 200
    assert line["bytes"] == len(response.content)
    assert line["duration_ms"] > 0
    assert line["principal"].startswith("bearer:")
    assert line["mcp_method"] == "tools/call"
    assert line["mcp_name"] == "list_users"
    assert line["outcome"] == "completed"
    assert line["log_level"] == "info"
    assert "s3cret" not in str(logs)
    assert "leak" not in str(logs)


@pytest.mark.parametrize("path", ["/health", "/ready", "/ready/"])
async def test_probes_do_not_fill_the_log(path: str) -> None:
    with capture_logs() as logs:
        async with client(build()) as http:
            await http.get(path)
    assert [line["log_level"] for line in access_lines(logs)] == ["debug"]


async def test_a_failed_call_is_a_warning() -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    with capture_logs() as logs:
        async with client(build(broken)) as http:
            await http.post("/mcp", json={})
    (line,) = access_lines(logs)
    assert (line["status"], line["log_level"], line["outcome"]) == (500, "warning", "completed")


async def test_what_a_client_sends_cannot_forge_or_flood_the_log() -> None:
    headers = [(b"Mcp-Name", b"\x1b[31m" + b"x" * 5000), (b"Content-Type", b"application/json")]
    with capture_logs() as logs:
        async with client(build()) as http:
            await http.post("/mcp", content=b"{}", headers=headers)
            await http.get("/" + "y" * 5000 + "%0Aforged")
    call, lost = access_lines(logs)
    assert call["mcp_name"].startswith("?[31m")
    assert len(call["mcp_name"]) == 64
    assert len(lost["path"]) == 200
    assert "\n" not in str(lost["path"])


async def test_a_client_that_goes_away_is_logged_as_disconnected() -> None:
    began = asyncio.Event()
    ended = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        began.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        ended.set()

    with capture_logs() as logs:
        async with running(build(slow)) as service:
            _, writer = await asyncio.open_connection("127.0.0.1", service.port)
            writer.write(RAW_CALL)
            await asyncio.wait_for(began.wait(), 10)
            writer.close()
            await asyncio.wait_for(ended.wait(), 10)
    (line,) = access_lines(logs)
    assert (line["outcome"], line["status"]) == ("disconnected", 200)


async def test_a_request_that_is_cancelled_is_logged_as_aborted() -> None:
    reached = asyncio.Event()

    async def stuck(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    with capture_logs() as logs:
        async with client(build(stuck)) as http:
            call = asyncio.create_task(http.post("/mcp", json={}))
            await reached.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
    (line,) = access_lines(logs)
    assert (line["outcome"], line["status"]) == ("aborted", None)
