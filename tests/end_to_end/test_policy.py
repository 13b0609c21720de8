"""Several teams at one address: each has its own tools, its own workspace and its own key on the wire."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from mcp.client.client import Client as McpClient
from mcp.client.stdio import StdioServerParameters

from app.sandbox.keys import ADMIN_KEY, NO_SCOPES_KEY
from tests.auth.clerk.stand_in import StandIn, running_clerk
from tests.end_to_end.processes import ROOT, Running, command, environment
from tests.end_to_end.recorded_portkey import RecordedPortkey, recorded_portkey
from tests.end_to_end.services import TOKEN, SessionMode, http_service, pointing_at
from tests.end_to_end.wire import Era, answer_of, initialize
from tests.web.support import until

CALLS = 1000
CONCURRENCY = 32
WITHIN = 60.0
AUDIENCE = "https://mcp.test/mcp"
SCOPES = ("configs.list", "configs.read", "configs.create", "prompts.list", "prompts.read")
READING = {"list_configs", "get_config", "list_config_versions", "list_prompts"}
WRITING = {"list_configs", "get_config", "list_config_versions", "create_config", "update_config"}
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "end-to-end", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass
class Client:
    """One principal's client of one era."""

    http: httpx2.AsyncClient
    url: str
    era: Era
    token: str
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    async def hello(self) -> None:
        response = await self.post(initialize())
        response.raise_for_status()
        if session := response.headers.get("mcp-session-id"):
            self.headers["Mcp-Session-Id"] = session
        await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def post(self, message: dict[str, Any]) -> httpx2.Response:
        headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28" if self.era == "2026" else "2025-11-25",
            "Authorization": f"Bearer {self.token}",
            **self.headers,
        }
        if self.era == "2026":
            headers["Mcp-Method"] = message["method"]
            if name := message["params"].get("name"):
                headers["Mcp-Name"] = name
        response = await self.http.post(self.url, json=message, headers=headers)
        self.status = response.status_code
        return response

    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        asked = {**params, "_meta": META} if self.era == "2026" else dict(params)
        response = await self.post(
            {"jsonrpc": "2.0", "id": next(self.ids), "method": method, "params": asked}
        )
        if response.headers.get("content-type", "").startswith("application/json"):
            answer: dict[str, Any] = response.json()
            return answer
        return answer_of(response)

    async def tools(self) -> set[str]:
        return {tool["name"] for tool in (await self.ask("tools/list", {}))["result"]["tools"]}

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return await self.ask("tools/call", {"name": tool, "arguments": arguments})


@dataclass
class Team:
    """One principal: what it has, and what only it may see."""

    name: str
    workspace: str
    key: str
    tools: set[str]
    foreign_tool: str

    async def one_call(self, client: Client, number: int) -> str:
        """Make one of several kinds of call and check its answer; return the kind."""
        kind = ("data", "marker", "listing", "foreign")[number % 4]
        if kind == "listing":
            assert await client.tools() == self.tools
        elif kind == "foreign":
            answer = await client.call(self.foreign_tool, name=f"{self.name}-{number}")
            assert f"There is no tool '{self.foreign_tool}' here" in answer["error"]["message"], answer
        elif kind == "marker":
            marker = f"marker-{self.name}-{number}"
            answer = await client.call("get_config", slug=marker)
            assert marker in json.dumps(answer["result"])
        else:
            answer = await client.call("list_configs")
            found = answer["result"]["structuredContent"]["data"]
            assert found
            assert {one["workspace_id"] for one in found} == {self.workspace}
        return kind


@asynccontextmanager
async def started(
    mode: SessionMode, settings: Mapping[str, str], token: str | None = None
) -> AsyncIterator[Running]:
    """Start a service in a thread: the stand-ins have to answer meanwhile."""
    service = http_service(mode, token=token, settings=settings)
    running = await asyncio.to_thread(service.__enter__)
    try:
        yield running
    finally:
        await asyncio.to_thread(service.__exit__, None, None, None)


@pytest.fixture
async def clerk() -> AsyncIterator[StandIn]:
    async with running_clerk() as stand_in:
        yield stand_in


@pytest.fixture
async def portkey() -> AsyncIterator[RecordedPortkey]:
    async with recorded_portkey() as recorded:
        yield recorded


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    limits = httpx2.Limits(max_connections=2 * CONCURRENCY)
    async with httpx2.AsyncClient(trust_env=False, timeout=WITHIN, limits=limits) as client:
        yield client


def clerk_settings(clerk: StandIn) -> dict[str, str]:
    return {
        "MCP_AUTH_MODE": "clerk",
        "CLERK_ISSUER": clerk.issuer,
        "CLERK_AUDIENCE": AUDIENCE,
        "RATE_LIMIT_ENABLED": "false",
    }


def policy(folder: Path, document: object) -> dict[str, str]:
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(document))
    return {"MCP_POLICY_FILE": str(path)}


async def test_two_principals_share_an_address_and_nothing_else(
    tmp_path: Path, clerk: StandIn, portkey: RecordedPortkey, http: httpx2.AsyncClient
) -> None:
    workspaces = await portkey.workspaces()
    payments, support = workspaces["ws-production"], workspaces["ws-customer-support"]
    keys = [await portkey.issue_key(workspace, SCOPES) for workspace in (payments, support)]
    teams = (
        Team("payments", payments, keys[0], READING, "create_config"),
        Team("support", support, keys[1], WRITING, "list_prompts"),
    )
    (tmp_path / "support_key").write_text(f"{keys[1]}\n")
    settings = {
        **pointing_at(portkey.url, ADMIN_KEY),
        **clerk_settings(clerk),
        "PAYMENTS_KEY": keys[0],
        **policy(
            tmp_path,
            {
                "credentials": {
                    "payments": {"env": "PAYMENTS_KEY"},
                    "support": {"file": str(tmp_path / "support_key")},
                },
                "rules": [
                    {
                        "match": {"organizations": "org_payments"},
                        "grant": {"tools": sorted(READING), "read_only": True, "credential": "payments"},
                    },
                    {
                        "match": {"organizations": "org_support", "roles": "org:admin"},
                        "grant": {"domains": ["configs"], "max_risk": "write", "credential": "support"},
                    },
                ],
            },
        ),
    }
    tokens = {
        "payments": clerk.access_token(sub="user_p", o={"id": "org_payments", "rol": "member"}),
        "support": clerk.access_token(sub="user_s", o={"id": "org_support", "rol": "admin"}),
    }
    async with started("stateless", settings) as stateless, started("stateful", settings) as stateful:
        clients = [
            (team, Client(http, service.mcp_url, era, tokens[team.name]))
            for team in teams
            for service in (stateless, stateful)
            for era in ("2025", "2026")
        ]
        for _, client in clients:
            if client.era == "2025":
                await client.hello()
        portkey.requests.clear()
        began = time.monotonic()
        made = await interleaved(clients)
        print(f"{CALLS} calls in {time.monotonic() - began:.1f} s")  # noqa: T201 - shown with -s
        await a_session_is_for_its_principal_alone(clients)
        output = stateless.output() + stateful.output()

    assert sum(made.values()) == CALLS
    on_the_wire = Counter(request.key for request in portkey.requests)
    assert set(on_the_wire) == set(keys)
    assert len(portkey.requests) == made["data"] + made["marker"]
    for team in teams:
        marked = [request for request in portkey.requests if f"marker-{team.name}-" in request.path]
        assert marked
        assert {request.key for request in marked} == {team.key}
    assert {request.cookie for request in portkey.requests} == {""}
    assert not [secret for secret in (*keys, *tokens.values(), ADMIN_KEY) if secret in output]


async def interleaved(clients: list[tuple[Team, Client]]) -> Counter[str]:
    """Make `CALLS` calls, shared among the clients, `CONCURRENCY` at a time and in no order."""
    order = [clients[number % len(clients)] for number in range(CALLS)]
    numbered = list(enumerate(order))
    random.Random(4).shuffle(numbered)  # noqa: S311 - any order will do, the same each time
    places = asyncio.Semaphore(CONCURRENCY)

    async def one(number: int, team: Team, client: Client) -> str:
        async with places:
            return await team.one_call(client, number // len(clients))

    async with asyncio.timeout(WITHIN), asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, team, client)) for number, (team, client) in numbered]
    return Counter(task.result() for task in tasks)


async def a_session_is_for_its_principal_alone(clients: list[tuple[Team, Client]]) -> None:
    sessions = [client for _, client in clients if "Mcp-Session-Id" in client.headers]
    ours, theirs = sessions
    assert ours.token != theirs.token
    thief = Client(ours.http, ours.url, "2025", theirs.token, dict(ours.headers))
    await thief.ask("tools/list", {})
    assert thief.status == 404


async def test_what_a_principal_loses_or_the_file_takes_away_is_gone_with_the_next_request(
    tmp_path: Path, clerk: StandIn, portkey: RecordedPortkey, http: httpx2.AsyncClient
) -> None:
    workspaces = await portkey.workspaces()
    admins = await portkey.issue_key(workspaces["ws-production"], SCOPES)
    members = await portkey.issue_key(workspaces["ws-staging"], SCOPES)
    credentials = {"admins": {"env": "ADMINS_KEY"}, "members": {"env": "MEMBERS_KEY"}}
    rules = [
        {"match": {"roles": role}, "grant": {"domains": ["configs"], "credential": f"{role}s"}}
        for role in ("admin", "member")
    ]
    rules.append({"match": {"roles": "viewer"}, "grant": {"tools": ["list_configs"], "credential": "admins"}})
    settings = {
        **pointing_at(portkey.url, ADMIN_KEY),
        **clerk_settings(clerk),
        **policy(tmp_path, {"credentials": credentials, "rules": rules}),
        "ADMINS_KEY": admins,
        "MEMBERS_KEY": members,
    }

    def token(role: str) -> str:
        return clerk.access_token(o={"id": "org_1", "rol": role})

    async with started("stateful", settings) as service:
        session = Client(http, service.mcp_url, "2025", token("admin"))
        await session.hello()
        session.token = token("admin")
        assert "result" in await session.call("list_configs")

        session.token = token("viewer")
        assert await session.tools() == {"list_configs"}, "the session goes on, with what is left"
        session.token = token("member")
        await session.call("list_configs")
        assert session.status == 404, "the session holds what belongs to the admins' key"
        session.token = token("guest")
        refused = await session.call("list_configs")
        assert (session.status, refused["error"]["code"]) == (403, "access_denied")
        assert {request.key for request in portkey.requests} == {admins}

        member = Client(http, service.mcp_url, "2026", token("member"))
        assert "result" in await member.call("list_configs")
        policy(tmp_path, {"rules": [{"match": {"roles": "member"}, "grant": {"domains": "promts"}}]})
        service.process.send_signal(signal.SIGHUP)
        await until(lambda: "policy_reload_failed" in service.output())
        assert "did you mean" in service.output()
        assert "result" in await member.call("list_configs")
        ready = (await http.get(f"{service.url}/ready")).json()
        assert ready["components"]["policy"]["status"] == "degraded"
        policy(tmp_path, {"rules": [{"match": {"roles": "member"}, "grant": {"domains": "prompts"}}]})
        service.process.send_signal(signal.SIGHUP)
        await until(lambda: "policy_reloaded" in service.output())
        assert "There is no tool" in (await member.call("list_configs"))["error"]["message"]
        session.token = token("admin")
        await session.call("list_configs")
        assert session.status == 403


async def test_the_client_of_stdio_has_what_its_rule_grants(tmp_path: Path) -> None:
    document = {
        "credentials": {"reading": {"env": "READING_KEY"}},
        "rules": [
            {"match": {"principals": "stdio"}, "grant": {"domains": "configs", "credential": "reading"}}
        ],
    }
    env = environment({**policy(tmp_path, document), "READING_KEY": NO_SCOPES_KEY})
    program, *arguments = command("stdio")
    server = StdioServerParameters(command=program, args=arguments, env=env, cwd=ROOT)
    async with asyncio.timeout(WITHIN), McpClient(server) as client:
        listed = await client.list_tools()
        answer = await client.call_tool("list_configs", {})
    assert {tool.name for tool in listed.tools} == {*WRITING, "delete_config"}
    assert "AB03" in str(answer.content), "the credential is that of a key without scopes"


async def test_callers_bring_their_keys_and_share_no_session(
    portkey: RecordedPortkey, http: httpx2.AsyncClient
) -> None:
    workspaces = await portkey.workspaces()
    slugs = ("ws-production", "ws-staging")
    keys = {slug: await portkey.issue_key(workspaces[slug], SCOPES) for slug in slugs}
    settings = {
        **pointing_at(portkey.url),
        "PORTKEY_API_KEY": "",
        "MCP_ALLOW_CALLER_KEY": "true",
        "RATE_LIMIT_ENABLED": "false",
    }
    async with started("stateful", settings, token=TOKEN) as service:
        clients = {
            slug: Client(http, service.mcp_url, "2025", TOKEN, {"X-Portkey-Api-Key": key})
            for slug, key in keys.items()
        }
        for slug, client in clients.items():
            await client.hello()
            answer = await client.call("list_configs")
            found = answer["result"]["structuredContent"]["data"]
            assert {one["workspace_id"] for one in found} == {workspaces[slug]}
        assert [request.key for request in portkey.requests] == list(keys.values())

        ours, theirs = clients.values()
        for brought in (theirs.headers["X-Portkey-Api-Key"], None):
            headers = {"Mcp-Session-Id": ours.headers["Mcp-Session-Id"]}
            if brought:
                headers["X-Portkey-Api-Key"] = brought
            thief = Client(http, service.mcp_url, "2025", TOKEN, headers)
            await thief.call("list_configs")
            assert thief.status == 404
        without = Client(http, service.mcp_url, "2026", TOKEN)
        answer = await without.call("list_configs")
        assert "PORTKEY_API_KEY" in json.dumps(answer["result"])
        wrong = Client(http, service.mcp_url, "2026", TOKEN, {"X-Portkey-Api-Key": "pk-of-nobody-0123"})
        answer = await wrong.call("list_configs")
        assert "the key that you send in the header x-portkey-api-key" in json.dumps(answer["result"])
        output = service.output()
    assert not [key for key in (*keys.values(), "pk-of-nobody-0123") if key in output]
