"""One record for each tools/call, in both eras, over every transport, however the call ends."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation

from app.auth.policy import Policy
from app.protocol.auditing import Arguments, CallAudit
from app.telemetry.audit.channel import Channel
from app.telemetry.audit.trail import AuditTrail
from tests.protocol.asking import Person, Replica, answered, stepwise, yes
from tests.protocol.stand_in import (
    HEADERS_2025,
    SECRET,
    Backend,
    HttpHandler,
    Session,
    as_caller,
    serving,
    until,
)
from tests.protocol.test_http import modern_call
from tests.telemetry.audit.shelf import Shelf

ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
CLIENT = Implementation(name="a-client", version="4.5")


@dataclass
class Kept:
    """An audit whose records a test can read; those of calls that have ended are there at once."""

    audit: CallAudit
    shelf: Shelf

    async def records(self, number: int) -> list[dict[str, Any]]:
        await until(lambda: len(self.shelf.lines) >= number)
        return self.shelf.records


@asynccontextmanager
async def kept(arguments: Arguments = "masked") -> AsyncIterator[Kept]:
    shelf = Shelf()
    trail = AuditTrail([Channel(shelf, capacity=100)])
    async with trail.run():
        yield Kept(CallAudit(trail, arguments=arguments), shelf)


@ERAS
async def test_a_call_in_memory_is_on_record(backend: Backend, mode: Any) -> None:
    async with kept() as audit, Client(backend.server(audit=audit.audit), mode=mode, client_info=CLIENT) as c:
        await c.call_tool("list_workspaces", {"name": "x"})
        (record,) = await audit.records(1)
    assert record.pop("id")
    assert record.pop("request_id")
    assert record.pop("time").endswith("Z")
    assert record.pop("duration_ms") > 0
    assert record == {
        "principal": "stdio",
        "organization": None,
        "portkey_key": None,
        "client_name": "a-client",
        "client_version": "4.5",
        "protocol": "2026-07-28" if mode == "auto" else "2025-11-25",
        "session": None,
        "tool": "list_workspaces",
        "risk": "read",
        "outcome": "succeeded",
        "code": None,
        "may_have_applied": False,
        "portkey": [],
        "portkey_requests": 0,
        "arguments": {"name": "x"},
    }


@ERAS
@pytest.mark.parametrize("stateless", [True, False])
async def test_ten_calls_at_once_over_http_are_ten_records(
    backend: Backend,
    mode: Any,
    stateless: bool,  # noqa: FBT001 - a case
) -> None:
    async with kept() as audit:
        handler = HttpHandler(backend.server(audit=audit.audit), stateless=stateless)
        headers = {"X-Caller": "bob", "User-Agent": "agent/7 (x)", "X-Request-Id": "r-1"}
        async with (
            serving(handler) as url,
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode, client_info=CLIENT) as client,
        ):
            names = [str(number) for number in range(10)]
            await asyncio.gather(*(client.call_tool("list_workspaces", {"name": name}) for name in names))
        records = await audit.records(10)
    assert sorted(record["arguments"]["name"] for record in records) == names
    assert len({record["id"] for record in records}) == 10
    assert {record["outcome"] for record in records} == {"succeeded"}
    assert {(record["principal"], record["request_id"]) for record in records} == {("bob", "r-1")}
    # Without a session, a client of 2025 has said its name in another request, to whomever.
    told = {(record["client_name"], record["client_version"]) for record in records}
    assert told == {("agent", "7") if mode == "legacy" and stateless else ("a-client", "4.5")}
    sessions = {record["session"] for record in records}
    assert len(sessions) == 1
    assert (sessions != {None}) == (mode == "legacy" and not stateless)


async def test_a_session_is_known_by_a_digest(backend: Backend) -> None:
    async with kept() as audit:
        handler = HttpHandler(backend.server(audit=audit.audit), stateless=False)
        async with serving(handler) as url, httpx2.AsyncClient() as http:
            session = Session(http, url)
            await session.open()
            await session.post("tools/call", {"name": "list_workspaces", "arguments": {"name": "x"}})
        (record,) = await audit.records(1)
    session_id = session.headers["Mcp-Session-Id"]
    assert record["session"] == hashlib.sha256(session_id.encode()).hexdigest()[:32]
    assert session_id.encode() not in audit.shelf.lines[0]


@ERAS
async def test_a_tool_that_the_caller_lacks_is_denied_with_its_risk_and_one_that_is_not_without(
    backend: Backend, mode: Any
) -> None:
    async with kept() as audit:
        server = backend.server(audit=audit.audit, default_policy=Policy(read_only=True))
        async with Client(server, mode=mode) as client:
            for name in ("delete_workspace", "no_such_tool"):
                with pytest.raises(MCPError):
                    await client.call_tool(name, {"api_key": "planted"})
        records = await audit.records(2)
    assert [(record["tool"], record["risk"], record["outcome"]) for record in records] == [
        ("delete_workspace", "destructive", "denied"),
        ("no_such_tool", None, "denied"),
    ]
    assert b"planted" not in b"".join(audit.shelf.lines)


@ERAS
async def test_a_refused_call_and_a_crashed_one_say_so(backend: Backend, mode: Any) -> None:
    async with kept() as audit, Client(backend.server(audit=audit.audit), mode=mode) as client:
        await client.call_tool("list_workspaces", {"nme": "x"})
        await client.call_tool("delete_workspace", {})
        records = await audit.records(2)
    assert [(record["outcome"], record["code"]) for record in records] == [
        ("refused", "invalid_arguments"),
        ("crashed", "internal_error"),
    ]
    assert SECRET.encode() not in b"".join(audit.shelf.lines)


@pytest.mark.parametrize("era", ["2025", "2026"])
async def test_a_call_whose_client_went_away_is_on_record(backend: Backend, era: str) -> None:
    body, headers = modern_call("get_prompt", {"name": "x"})
    async with kept() as audit:
        handler = HttpHandler(backend.server(audit=audit.audit), stateless=True)
        async with serving(handler) as url, httpx2.AsyncClient() as http:
            sent = headers if era == "2026" else HEADERS_2025
            async with http.stream("POST", url, json=body, headers=sent):
                await asyncio.wait_for(backend.started.wait(), 10)
            (record,) = await audit.records(1)
    assert (record["tool"], record["outcome"]) == ("get_prompt", "cancelled")


async def test_calls_cut_off_at_the_end_of_the_service_are_on_record(backend: Backend) -> None:
    async with kept() as audit:
        handler = HttpHandler(backend.server(audit=audit.audit), stateless=False)
        async with serving(handler) as url, httpx2.AsyncClient() as http:
            session = Session(http, url)
            await session.open()
            async with session.stream("get_prompt", {"name": "x"}):
                await asyncio.wait_for(backend.started.wait(), 10)
    (record,) = audit.shelf.records
    assert record["outcome"] == "cancelled"


@pytest.mark.parametrize("arguments", ["digest", "off"])
async def test_arguments_can_be_kept_off_the_record(backend: Backend, arguments: Arguments) -> None:
    async with kept(arguments) as audit, Client(backend.server(audit=audit.audit)) as client:
        await client.call_tool("list_workspaces", {"name": "confidential"})
        (record,) = await audit.records(1)
    assert "arguments" not in record
    assert b"confidential" not in audit.shelf.lines[0]
    assert ("arguments_digest" in record) == (arguments == "digest")


@pytest.mark.parametrize("policy", [Policy(), Policy(domains=frozenset({"prompts"}))])
async def test_what_a_client_says_of_itself_is_bounded(backend: Backend, policy: Policy) -> None:
    long = Implementation(name="n" * 5000, version="v" * 5000)
    async with kept() as audit:
        server = HttpHandler(backend.server(audit=audit.audit), stateless=True)
        async with (
            serving(server, as_caller(server, policy=policy)) as url,
            Client(streamable_http_client(url), client_info=long) as client,
        ):
            try:
                await client.call_tool("list_workspaces", {"name": "x"})
            except MCPError:
                assert policy.domains
        await audit.records(1)
    assert len(audit.shelf.lines[0]) < 2000


@pytest.mark.parametrize(("answer", "outcome"), [(yes(), "succeeded"), (Person("decline"), "declined")])
@ERAS
async def test_what_a_person_was_asked_and_answered_is_on_record(
    backend: Backend, mode: Any, answer: Person, outcome: str
) -> None:
    async with kept() as audit:
        replica = Replica(backend, audit=audit.audit)
        async with replica.client(mode, elicitation_callback=answer) as client:
            await client.call_tool("remove_thing", {"name": "Finance"})
        # In the 2026 era the answer comes with a call of its own.
        outcomes = ["asked", outcome] if mode == "auto" else [outcome]
        records = await audit.records(len(outcomes))
    assert [record["outcome"] for record in records] == outcomes
    assert {record["risk"] for record in records} == {"destructive"}


async def test_an_answer_that_was_tampered_with_is_on_record(backend: Backend) -> None:
    async with kept() as audit:
        async with stepwise(Replica(backend, audit=audit.audit), caller="mallory") as call:
            more = answered(await call("Finance"))
            with pytest.raises(MCPError):
                await call("Production", **more)
        records = await audit.records(2)
    assert [(one["outcome"], one["code"], one["arguments"]) for one in records] == [
        ("asked", None, {"name": "Finance"}),
        ("refused", "invalid_request", {"name": "Production"}),
    ]
    assert records[1]["principal"] == "mallory"


@pytest.mark.parametrize("params", [{"name": 7}, {"name": "list_workspaces", "arguments": [1]}, {}])
async def test_a_malformed_call_is_on_record(backend: Backend, params: Any) -> None:
    async with kept() as audit:
        handler = HttpHandler(backend.server(audit=audit.audit), stateless=True)
        async with serving(handler) as url, httpx2.AsyncClient() as http:
            answer = await Session(http, url).post("tools/call", params)
        (record,) = await audit.records(1)
    assert "error" in answer.text
    assert (record["outcome"], record["code"]) == ("refused", "invalid_request")
