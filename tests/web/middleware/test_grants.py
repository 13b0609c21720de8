from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.auth.bearer import BearerVerifier
from app.auth.grants import Grant, SameForAll
from app.auth.policy import ALLOW_ALL, Policy
from app.auth.portkey_key import named_key
from app.auth.principal import Principal
from tests.web.support import Mcp, build, client

KEY = "pk-caller-0123456789"
OWN = {"x-portkey-api-key": KEY}
TOKEN = {"Authorization": "Bearer s3cret"}
BEARER: dict[str, Any] = {"auth_mode": "bearer", "verifier": BearerVerifier(["s3cret"])}
NOBODY = SameForAll(Grant(ALLOW_ALL))
MAY = SameForAll(Grant(ALLOW_ALL, caller_key="optional"))
MUST = SameForAll(Grant(ALLOW_ALL, caller_key="required"))


@dataclass
class Changing:
    """Grants what the test says at the time."""

    grant: Grant | None

    def of(self, _principal: Principal) -> Grant | None:
        return self.grant


async def test_who_is_granted_nothing_gets_no_further() -> None:
    mcp = Mcp()
    async with client(build(mcp, grants=Changing(None), **BEARER)) as http:
        response = await http.post("/mcp", json={}, headers=TOKEN)
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "access_denied"
    assert "No rule of this server" in response.json()["error"]["message"]
    assert mcp.scope == {}


async def test_who_is_not_known_is_asked_for_a_token_first() -> None:
    async with client(build(grants=Changing(None), **BEARER)) as http:
        assert (await http.post("/mcp", json={}, headers=OWN)).status_code == 401


async def test_what_is_granted_is_decided_for_each_request() -> None:
    mcp = Mcp()
    key = named_key("team_a", "pk-team-a")
    grants = Changing(Grant(Policy(read_only=True), key, rule="rule 1 (readers)"))
    async with client(build(mcp, grants=grants, **BEARER)) as http:
        assert (await http.post("/mcp", json={}, headers=TOKEN)).status_code == 200
        assert mcp.scope["policy"] == Policy(read_only=True)
        assert mcp.scope["portkey_key"] is key
        grants.grant = None
        assert (await http.post("/mcp", json={}, headers=TOKEN)).status_code == 403


async def test_the_access_log_names_the_rule_and_never_the_key() -> None:
    grants = Changing(Grant(ALLOW_ALL, caller_key="required", rule="rule 3 (own keys)"))
    with capture_logs() as entries:
        async with client(build(grants=grants)) as http:
            await http.post("/mcp", json={}, headers=OWN)
    (entry,) = [entry for entry in entries if entry["event"] == "http_request"]
    assert entry["rule"] == "rule 3 (own keys)"
    assert entry["principal"].startswith("anonymous:key:")
    assert KEY not in str(entries)


@pytest.mark.parametrize("grants", [MAY, MUST])
async def test_a_brought_key_is_used_and_its_header_goes_no_further(grants: SameForAll) -> None:
    mcp = Mcp()
    async with client(build(mcp, grants=grants)) as http:
        response = await http.post("/mcp", json={}, headers=OWN)
    assert response.status_code == 200
    assert mcp.scope["portkey_key"].secret.get_secret_value() == KEY
    assert KEY not in response.text
    assert "x-portkey-api-key" not in response.json()["headers"]


async def test_without_an_own_key_the_servers_is_used_where_either_is_good() -> None:
    mcp = Mcp()
    async with client(build(mcp, grants=MAY)) as http:
        assert (await http.post("/mcp", json={})).status_code == 200
    assert mcp.scope["portkey_key"] is None


@pytest.mark.parametrize(
    ("grants", "headers", "status", "code"),
    [
        (NOBODY, [("X-Portkey-Api-Key", KEY)], 403, "portkey_key_not_allowed"),
        (NOBODY, [("X-Portkey-Api-Key", "")], 403, "portkey_key_not_allowed"),
        (MUST, [], 403, "portkey_key_required"),
        (MAY, [("X-Portkey-Api-Key", "")], 400, "bad_portkey_key"),
        (MAY, [("X-Portkey-Api-Key", "two words")], 400, "bad_portkey_key"),
        (MUST, [("X-Portkey-Api-Key", "x" * 5000)], 400, "bad_portkey_key"),
        (MAY, [("X-Portkey-Api-Key", KEY), ("x-portkey-api-key", KEY)], 400, "bad_portkey_key"),
    ],
)
async def test_other_keys_are_refused_with_the_reason(
    grants: SameForAll, headers: list[tuple[str, str]], status: int, code: str
) -> None:
    mcp = Mcp()
    async with client(build(mcp, grants=grants)) as http:
        response = await http.post("/mcp", json={}, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert KEY not in response.text
    assert mcp.scope == {}


async def test_a_session_belongs_to_principal_and_key() -> None:
    mcp = Mcp()
    owners = []
    for verifier, token in (({}, {}), (BEARER, TOKEN)):
        async with client(build(mcp, grants=MAY, **verifier), headers=token) as http:
            for key in ({}, OWN, {"x-portkey-api-key": f"{KEY}x"}, OWN):
                await http.post("/mcp", json={}, headers=key)
                owners.append(mcp.scope.get("user"))
    assert owners[0] is None
    assert (owners[1], owners[5]) == (owners[3], owners[7])
    assert len(set(owners)) == 6
    assert KEY not in str(owners)


async def test_other_routes_take_no_notice_of_a_key() -> None:
    async with client(build(grants=NOBODY)) as http:
        assert (await http.get("/health", headers=OWN)).status_code == 200
