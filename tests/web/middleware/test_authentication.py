from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from app.auth.bearer import BearerVerifier
from app.auth.policy import Policy
from app.auth.principal import Principal
from app.auth.verifier import VerifierUnavailableError
from tests.web.support import Mcp, build, client

REALM = 'Bearer realm="portkey-admin-mcp"'
BEARER: dict[str, Any] = {"auth_mode": "bearer", "verifier": BearerVerifier(["s3cret", "n3xt"])}


@pytest.mark.parametrize("token", ["s3cret", "n3xt"])
async def test_a_configured_token_opens_mcp(token: str) -> None:
    mcp = Mcp()
    async with client(build(mcp, **BEARER)) as http:
        response = await http.post("/mcp", json={}, headers={"Authorization": f"bearer {token}"})
    assert response.status_code == 200
    assert mcp.scope["principal"].kind == "bearer"
    assert mcp.scope["user"].subject == mcp.scope["principal"].id
    assert token not in repr(mcp.scope["user"])


async def test_a_caller_without_a_token_is_asked_for_one() -> None:
    async with client(build(**BEARER)) as http:
        response = await http.post("/mcp", json={})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == REALM
    assert response.json()["error"]["code"] == "unauthorized"
    assert "Authorization: Bearer" in response.json()["error"]["message"]


@pytest.mark.parametrize("value", ["Bearer wrong", "Bearer s3cret extra", "bearer S3CRET"])
async def test_a_wrong_token_is_named_invalid(value: str) -> None:
    async with client(build(**BEARER)) as http:
        response = await http.post("/mcp", json={}, headers={"Authorization": value})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == f'{REALM}, error="invalid_token"'


@pytest.mark.parametrize("value", ["Basic czNjcmV0", "Bearer", "s3cret"])
async def test_another_scheme_is_no_token(value: str) -> None:
    async with client(build(**BEARER)) as http:
        response = await http.post("/mcp", json={}, headers={"Authorization": value})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == REALM


async def test_two_authorization_headers_are_refused() -> None:
    headers = [("Authorization", "Bearer s3cret"), ("Authorization", "Bearer wrong")]
    async with client(build(**BEARER)) as http:
        assert (await http.post("/mcp", headers=headers)).status_code == 401


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/%6dcp"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "OPTIONS"])
async def test_no_spelling_of_the_path_and_no_method_gets_around_it(path: str, method: str) -> None:
    mcp = Mcp()
    async with client(build(mcp, session_mode="stateful", **BEARER)) as http:
        response = await http.request(method, path)
    assert response.status_code == 401
    assert mcp.scope == {}


async def test_authentication_comes_before_the_body_is_looked_at() -> None:
    async with client(build(max_request_bytes=10, **BEARER)) as http:
        response = await http.post("/mcp", content=b"x" * 100, headers={"Content-Type": "text/plain"})
    assert response.status_code == 401


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/auth/info"])
async def test_the_other_routes_stay_open(path: str) -> None:
    async with client(build(**BEARER)) as http:
        assert (await http.get(path)).status_code == 200


async def test_the_configured_policy_reaches_mcp() -> None:
    mcp = Mcp()
    policy = Policy(frozenset({"keys"}), read_only=True)
    async with client(build(mcp, policy=policy, **BEARER)) as http:
        await http.post("/mcp", json={}, headers={"Authorization": "Bearer s3cret"})
    assert mcp.scope["policy"] == policy


async def test_a_verifier_that_cannot_decide_is_a_503_and_not_a_refusal() -> None:
    class Away:
        def known(self, _token: str, /) -> Principal | None:
            return None

        async def verify(self, _token: str, /) -> Principal | None:
            raise VerifierUnavailableError("keys of issuer.internal unreachable")

    async with client(build(auth_mode="clerk", verifier=Away())) as http:
        response = await http.post("/mcp", json={}, headers={"Authorization": "Bearer x"})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "issuer.internal" not in response.text


async def test_a_refusal_is_logged_without_the_token() -> None:
    with capture_logs() as logs:
        async with client(build(**BEARER)) as http:
            await http.post("/mcp", json={}, headers={"Authorization": "Bearer almost-right"})
    assert "authentication_refused" in [line["event"] for line in logs]
    assert "almost-right" not in str(logs)
