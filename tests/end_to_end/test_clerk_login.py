"""Signing in through Clerk: from the bare URL to a tool call, and on through rotation and outage."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from mcp.shared.auth import OAuthToken

from tests.auth.clerk.stand_in import SECRET_KEY, SigningKey, StandIn, running_clerk
from tests.end_to_end.clerk_login import Person, signed_in
from tests.end_to_end.installing import CLIENTS
from tests.end_to_end.processes import Running, environment, free_port, running
from tests.end_to_end.processes import command as program
from tests.end_to_end.services import QUIET
from tests.support.parts import needs

WITHIN = 60.0
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list_configs", "arguments": {}},
}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@pytest.fixture
async def clerk() -> AsyncIterator[StandIn]:
    async with running_clerk() as running_stand_in:
        yield running_stand_in


@asynccontextmanager
async def service_of(clerk: StandIn, **settings: str) -> AsyncIterator[Running]:
    """`python -m app http` as a resource server of the stand-in."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    clerk_settings = {
        "MCP_PORT": str(port),
        "MCP_PUBLIC_BASE_URL": url,
        "MCP_AUTH_MODE": "clerk",
        "CLERK_ISSUER": clerk.issuer,
        "CLERK_AUDIENCE": f"{url}/mcp",
        "CLERK_API_URL": clerk.issuer,
    }
    service = running(program("http"), port=port, settings=QUIET | clerk_settings | settings)
    # In a thread: the stand-in has to answer while the service starts.
    started = await asyncio.to_thread(service.__enter__)
    try:
        yield started
    finally:
        await asyncio.to_thread(service.__exit__, None, None, None)


async def post(service: Running, token: str, body: dict[str, object]) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        return await http.post(service.mcp_url, json=body, headers=headers)


async def tool_names(service: Running, token: str) -> str:
    answer = await post(service, token, LIST)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_gets_from_the_bare_url_to_a_tool_call(
    mode: Literal["auto", "legacy"], clerk: StandIn
) -> None:
    person = Person()
    async with asyncio.timeout(WITHIN), service_of(clerk) as service:
        async with signed_in(service.mcp_url, person, mode) as (client, _):
            result = await client.call_tool("list_configs", {})
        output = service.output()
        service.terminate()
        assert await asyncio.to_thread(service.wait) == 0
    assert not result.is_error
    assert person.asked_for == ["portkey:read portkey:write portkey:admin offline_access"]
    assert (clerk.requests["register"], clerk.requests["authorize"]) == (1, 1)
    assert person.issued
    assert not [token for token in person.issued if token in output or token.split(".")[1] in output]


@needs("node", "signing in with the official TypeScript client")
async def test_the_official_typescript_client_does_so_too(clerk: StandIn, typescript: list[str]) -> None:
    node, journey = typescript
    # A module looks for its imports next to itself.
    script = shutil.copy(CLIENTS / "typescript" / "login.mjs", Path(journey).parent)
    async with asyncio.timeout(WITHIN), service_of(clerk) as service:
        process = await asyncio.create_subprocess_exec(
            node, str(script), service.mcp_url, stdout=PIPE, stderr=PIPE, env=environment({})
        )
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    report = json.loads(output)
    assert report["is_error"] is False
    assert report["total"] > 0
    assert report["scope"].startswith("portkey:read portkey:write portkey:admin")


async def test_a_session_goes_on_with_a_refreshed_token_signed_by_a_new_key(clerk: StandIn) -> None:
    person = Person()
    async with (
        asyncio.timeout(WITHIN),
        service_of(clerk, MCP_SESSION_MODE="stateful") as service,
        signed_in(service.mcp_url, person, "legacy") as (client, provider),
    ):
        await client.call_tool("list_configs", {})
        clerk.rotate("key-2", keep=0)
        provider.context.token_expiry_time = 1.0
        result = await client.call_tool("list_configs", {})
    assert not result.is_error
    assert clerk.requests["refresh_token"] == 1
    assert clerk.requests["authorize"] == 1
    assert len(set(person.issued)) == 2


async def test_a_client_that_needs_more_scopes_is_told_and_asks_for_them(clerk: StandIn) -> None:
    async with asyncio.timeout(WITHIN), service_of(clerk) as service:
        reading = clerk.access_token(aud=service.mcp_url, scope="portkey:read")
        person = Person(OAuthToken(access_token=reading, expires_in=3600, scope="portkey:read"))
        async with signed_in(service.mcp_url, person) as (client, _):
            before = {tool.name for tool in (await client.list_tools()).tools}
            result = await client.call_tool(
                "create_config", {"name": "wider", "config": {"retry": {"attempts": 2}}}
            )
        on_record = [line["outcome"] for line in log_of(service) if line["message"] == "tool_call"]
    assert "list_configs" in before
    assert "create_config" not in before
    assert not result.is_error, result
    assert on_record == ["denied", "succeeded"]
    assert set(person.asked_for[0].split()) == {"portkey:read", "portkey:write", "offline_access"}


async def test_scopes_decide_which_tools_there_are(clerk: StandIn) -> None:
    async with asyncio.timeout(WITHIN), service_of(clerk) as service:
        listed = {
            scope: await tool_names(service, clerk.access_token(aud=service.mcp_url, scope=scope))
            for scope in ("profile", "portkey:read", "portkey:write", "portkey:admin", "portkey:nonsense")
        }
    has = {
        scope: [name in text for name in ('"list_configs"', '"create_config"', '"delete_config"')]
        for scope, text in listed.items()
    }
    assert has == {
        "profile": [True, True, True],
        "portkey:read": [True, False, False],
        "portkey:write": [True, True, False],
        "portkey:admin": [True, True, True],
        "portkey:nonsense": [False, False, False],
    }


async def test_an_outage_lets_known_keys_work_and_leaves_unknown_ones_undecided(clerk: StandIn) -> None:
    async with asyncio.timeout(WITHIN), service_of(clerk) as service:
        assert (await post(service, clerk.access_token(aud=service.mcp_url), CALL)).status_code == 200
        clerk.mode = "down"
        known = await post(service, clerk.access_token(aud=service.mcp_url), CALL)
        forged = await post(service, clerk.access_token(key=SigningKey("key-1")), CALL)
        rotated = clerk.rotate("key-2")
        unknown = await post(service, clerk.access_token(key=rotated, aud=service.mcp_url), CALL)
        clerk.mode = "up"
        deadline = time.monotonic() + 10
        again = unknown
        while again.status_code == 503 and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            again = await post(service, clerk.access_token(aud=service.mcp_url), CALL)
    assert (known.status_code, forged.status_code, again.status_code) == (200, 401, 200)
    assert unknown.status_code == 503
    assert int(unknown.headers["retry-after"]) > 0


async def test_it_starts_while_the_issuer_is_away(clerk: StandIn) -> None:
    clerk.mode = "drop"
    async with asyncio.timeout(WITHIN), service_of(clerk) as service:
        answer = await post(service, clerk.access_token(aud=service.mcp_url), CALL)
        nobody = await post(service, "nonsense", CALL)
    assert (answer.status_code, nobody.status_code) == (503, 401)


async def test_an_opaque_token_of_an_older_clerk_application_works(clerk: StandIn) -> None:
    token = clerk.grant_opaque("oat_Opaque123")
    async with asyncio.timeout(WITHIN), service_of(clerk, CLERK_SECRET_KEY=SECRET_KEY) as service:
        listed = await tool_names(service, token)
        output = service.output()
    assert '"list_configs"' in listed
    assert '"create_config"' not in listed
    assert token not in output
    assert SECRET_KEY not in output


async def test_a_person_of_another_organization_stays_outside(clerk: StandIn) -> None:
    async with (
        asyncio.timeout(WITHIN),
        service_of(clerk, CLERK_ALLOWED_ORGANIZATION_IDS="org_ours") as service,
    ):
        theirs = await post(service, clerk.access_token(aud=service.mcp_url, org_id="org_theirs"), CALL)
        ours = await post(service, clerk.access_token(aud=service.mcp_url, o={"id": "org_ours"}), CALL)
    assert (theirs.status_code, ours.status_code) == (403, 200)
    assert "organization" in theirs.json()["error"]["message"]


def log_of(service: Running) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.output().splitlines() if line.startswith("{")]
