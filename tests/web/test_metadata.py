"""OAuth discovery: what a client that knows only our address can find out, and how it is told to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from app.auth.policy import Policy, Risk
from app.auth.principal import Principal
from app.auth.verifier import AccessDeniedError, InsufficientScopeError, VerifierUnavailableError
from app.protocol.auditing import CallAudit
from app.telemetry.audit.channel import Channel
from app.telemetry.audit.trail import AuditTrail
from app.web.discovery import Challenge, Discovery
from tests.telemetry.audit.shelf import Shelf
from tests.web.support import Mcp, build, client

PUBLIC = "https://mcp.example.com"
ISSUER = "https://clerk.example.com"
SCOPES = ("portkey:read", "portkey:write", "portkey:admin")
RESOURCE_PATHS = ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"]
SERVER_PATHS = ["/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/mcp"]
CHALLENGE = (
    'scope="portkey:read portkey:write portkey:admin",'
    ' resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"'
)
REALM = 'Bearer realm="portkey-admin-mcp"'
FOREIGN = {"Origin": "https://some.page.test"}
RISKS: dict[str, Risk] = {"list_keys": "read", "create_key": "write", "delete_key": "destructive"}


class Metadata:
    """What the issuer says; nothing while it is away."""

    def __init__(self, document: Mapping[str, object] | None) -> None:
        self._document = document

    async def document(self) -> Mapping[str, object]:
        if self._document is None:
            raise VerifierUnavailableError("connection to 10.0.0.7 refused")
        return self._document


class Tokens:
    """Knows a token for each scope, and two whose holders are not admitted."""

    def known(self, _token: str, /) -> Principal | None:
        return None

    async def verify(self, token: str) -> Principal | None:
        if token == "stranger":
            raise AccessDeniedError("Your organization is not on the list.")
        if token == "scopeless":
            raise InsufficientScopeError("Sign in again.")
        if token == "unchecked":
            raise VerifierUnavailableError("connection to 10.0.0.7 refused")
        if token not in {*SCOPES, "profile"}:
            return None
        return Principal(id=f"clerk:x/{token}", kind="clerk", scopes=frozenset({token}))


def options(metadata: Mapping[str, object] | None = None, **changes: Any) -> dict[str, Any]:
    discovery = Discovery(issuer=ISSUER, scopes=SCOPES, server_metadata=Metadata(metadata))
    return {
        "auth_mode": "clerk",
        "verifier": Tokens(),
        "discovery": discovery,
        "risk_of": RISKS.get,
        "base_url": PUBLIC,
        "allowed_hosts": None,
    } | changes


@pytest.mark.parametrize("path", RESOURCE_PATHS)
@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_resource_says_where_to_sign_in(path: str, slash: str) -> None:
    async with client(build(**options())) as http:
        answer = await http.get(path + slash, headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "resource": "https://mcp.example.com/mcp",
        "authorization_servers": ["https://clerk.example.com"],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "Portkey Admin MCP",
    }


@pytest.mark.parametrize("path", [*RESOURCE_PATHS, *SERVER_PATHS])
async def test_any_page_may_read_it_and_keep_it_for_a_while(path: str) -> None:
    async with client(build(**options({"issuer": ISSUER}))) as http:
        answer = await http.get(path, headers=FOREIGN)
        preflight = await http.options(
            path,
            headers=FOREIGN
            | {
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "mcp-protocol-version",
            },
        )
        head = await http.head(path)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=" in answer.headers["cache-control"]
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-headers"] == "*"
    assert "GET" in preflight.headers["access-control-allow-methods"]
    assert int(preflight.headers["access-control-max-age"]) > 0
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("path", SERVER_PATHS)
async def test_what_the_issuer_says_is_passed_on_as_it_is(path: str) -> None:
    document = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/oauth/token", "x": [1, None, "ü"]}
    async with client(build(**options(document))) as http:
        answer = await http.get(path)
    assert answer.json() == document


async def test_an_issuer_that_is_away_is_a_503_that_says_when_to_come_back() -> None:
    async with client(build(**options(None))) as http:
        answer = await http.get(SERVER_PATHS[0], headers=FOREIGN)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["error"]["code"] == "authorization_server_unavailable"
    assert "10.0.0.7" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_it_can_only_be_read(method: str) -> None:
    async with client(build(**options())) as http:
        answer = await http.request(method, RESOURCE_PATHS[0])
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path", ["/.well-known/oauth-protected-resource/other", "/.well-known/openid-configuration"]
)
async def test_there_is_nothing_beside_it(path: str) -> None:
    async with client(build(**options())) as http:
        assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("path", [*RESOURCE_PATHS, *SERVER_PATHS])
async def test_without_an_authorization_server_there_is_none(path: str) -> None:
    async with client(build()) as http:
        assert (await http.get(path)).status_code == 404


async def test_a_caller_without_a_token_is_sent_to_the_metadata() -> None:
    async with client(build(**options())) as http:
        answer = await http.post("/mcp", json={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f"{REALM}, {CHALLENGE}"


async def test_a_caller_with_a_bad_token_is_told_so() -> None:
    async with client(build(**options())) as http:
        answer = await http.post("/mcp", json={}, headers={"Authorization": "Bearer bad"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f'{REALM}, error="invalid_token", {CHALLENGE}'


async def test_a_holder_who_is_not_admitted_is_not_sent_to_sign_in_again() -> None:
    async with client(build(**options())) as http:
        answer = await http.post("/mcp", json={}, headers={"Authorization": "Bearer stranger"})
    assert answer.status_code == 403
    assert "www-authenticate" not in answer.headers
    assert answer.json()["error"]["code"] == "access_denied"
    assert answer.json()["error"]["message"] == "Your organization is not on the list."


async def test_a_token_without_the_required_scope_is_asked_for_all_of_them() -> None:
    async with client(build(**options())) as http:
        answer = await http.post("/mcp", json={}, headers={"Authorization": "Bearer scopeless"})
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"] == f'{REALM}, error="insufficient_scope", {CHALLENGE}'
    assert answer.json()["error"]["code"] == "insufficient_scope"


async def test_a_token_that_cannot_be_checked_is_a_503() -> None:
    async with client(build(**options())) as http:
        answer = await http.post("/mcp", json={}, headers={"Authorization": "Bearer unchecked"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "10.0.0.7" not in answer.text


@pytest.mark.parametrize(
    ("token", "tool", "needed"),
    [
        ("portkey:read", "list_keys", None),
        ("portkey:read", "create_key", "portkey:read portkey:write"),
        ("portkey:read", "delete_key", "portkey:read portkey:write portkey:admin"),
        ("portkey:write", "create_key", None),
        ("portkey:write", "delete_key", "portkey:read portkey:write portkey:admin"),
        ("portkey:admin", "delete_key", None),
        ("profile", "delete_key", None),
        ("portkey:read", "no_such_tool", None),
        ("portkey:read", "", None),
    ],
)
async def test_a_call_beyond_the_scopes_names_all_that_the_tool_takes(
    token: str, tool: str, needed: str | None
) -> None:
    headers = {"Authorization": f"Bearer {token}", "Mcp-Method": "tools/call", "Mcp-Name": tool}
    async with client(build(**options())) as http:
        answer = await http.post("/mcp", json={}, headers=headers)
    if needed is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"].startswith(
        f'{REALM}, error="insufficient_scope", scope="{needed}", resource_metadata="{PUBLIC}'
    )
    assert needed in answer.json()["error"]["message"]


async def test_a_call_refused_for_want_of_scopes_is_on_record() -> None:
    shelf = Shelf()
    trail = AuditTrail([Channel(shelf, capacity=10)])
    headers = {"Authorization": "Bearer portkey:read", "Mcp-Method": "tools/call", "Mcp-Name": "delete_key"}
    async with trail.run(), client(build(**options(on_denied=CallAudit(trail).denied)), headers) as http:
        answer = await http.post("/mcp", json={}, headers={"User-Agent": "agent/7"})
    (record,) = shelf.records
    assert (record["tool"], record["risk"], record["outcome"]) == ("delete_key", "destructive", "denied")
    assert (record["principal"], record["client_name"]) == ("clerk:x/portkey:read", "agent")
    assert record["request_id"] == answer.headers["x-request-id"]


async def test_other_methods_are_not_a_matter_of_scopes() -> None:
    headers = {"Authorization": "Bearer portkey:read", "Mcp-Method": "prompts/get", "Mcp-Name": "create_key"}
    async with client(build(**options())) as http:
        assert (await http.post("/mcp", json={}, headers=headers)).status_code == 200


async def test_the_scopes_narrow_the_policy_that_reaches_mcp() -> None:
    mcp = Mcp()
    async with client(build(mcp, **options(policy=Policy(frozenset({"keys"}))))) as http:
        await http.post("/mcp", json={}, headers={"Authorization": "Bearer portkey:write"})
    assert mcp.scope["policy"] == Policy(frozenset({"keys"}), max_risk="write")
    assert mcp.scope["principal"].id == "clerk:x/portkey:write"


async def test_auth_info_tells_what_is_configured() -> None:
    async with client(build(**options())) as http:
        body = (await http.get("/auth/info")).json()
    assert body["mode"] == "clerk"
    assert body["clerk"] == {"issuerConfigured": True, "jwksConfigured": True, "audienceConfigured": True}


def test_a_challenge_without_oauth_is_the_realm_alone() -> None:
    assert Challenge().header() == REALM
    assert Challenge().header("invalid_token") == f'{REALM}, error="invalid_token"'
