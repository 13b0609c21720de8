from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from structlog.testing import capture_logs

from app.auth.clerk.verified import Verified, VerifiedTokens
from app.auth.principal import Principal
from app.auth.session_owner import session_owner
from app.auth.verifier import AccessDeniedError, InsufficientScopeError
from tests.auth.clerk.conftest import MakeVerifier
from tests.auth.clerk.stand_in import StandIn

ADA = Principal(id="clerk:x/ada", kind="clerk")


async def test_a_token_is_checked_once(
    clerk: StandIn, make: MakeVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier, token = make(), clerk.access_token()
    first = await verifier.verify(token)
    monkeypatch.setattr(jwt, "decode", None)
    assert await verifier.verify(token) is first


async def test_a_remembered_token_still_expires(
    clerk: StandIn, make: MakeVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier, token = make(), clerk.access_token(exp=int(time.time()) + 60)
    assert await verifier.verify(token) is not None
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    remembered = verifier._verified
    assert remembered.get(next(iter(remembered._outcomes)), generation=0) is None
    assert len(remembered) == 0


def test_only_so_many_tokens_are_remembered_and_the_least_used_goes_first() -> None:
    remembered = VerifiedTokens(most=2)
    for name in (b"a", b"b"):
        remembered.put(name, Verified(ADA, time.time() + 60))
    assert remembered.get(b"a", generation=0) is ADA
    remembered.put(b"c", Verified(ADA, time.time() + 60))
    assert [remembered.get(name, generation=0) for name in (b"a", b"b", b"c")] == [ADA, None, ADA]


async def test_a_refreshed_token_is_the_same_principal_and_owns_its_sessions(
    clerk: StandIn, make: MakeVerifier
) -> None:
    verifier = make()
    first = await verifier.verify(clerk.access_token(scope="portkey:read"))
    clerk.rotate("key-2")
    second = await verifier.verify(clerk.access_token(scope="portkey:admin", client_id="client-2"))
    other = await verifier.verify(clerk.access_token(sub="user_bob"))
    assert first
    assert second
    assert other
    assert session_owner(first) == session_owner(second)
    assert session_owner(first) != session_owner(other)
    assert first.scopes == {"portkey:read"}
    assert second.scopes == {"portkey:admin"}


ORGANIZATION: dict[str, Any] = {
    "o": {"id": "org_1", "rol": "admin", "per": "read,manage", "fpm": "3"},
    "fea": "o:portkey",
    "sub": "user_ada",
}
ALL_LISTS = {
    "CLERK_ALLOWED_SUBJECTS": "user_ada,user_bob",
    "CLERK_ALLOWED_ORGANIZATION_IDS": "org_0,org_1",
    "CLERK_ALLOWED_ROLES": "org:owner,org:admin",
    "CLERK_REQUIRED_PERMISSIONS": "org:portkey:read,org:portkey:manage",
}


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        ({}, 0),
        (ALL_LISTS, 0),
        ({"CLERK_ALLOWED_ROLES": "admin"}, 0),
        (ALL_LISTS | {"CLERK_ALLOWED_SUBJECTS": "user_bob"}, 1),
        (ALL_LISTS | {"CLERK_ALLOWED_SUBJECTS": "USER_ADA"}, 1),
        (ALL_LISTS | {"CLERK_ALLOWED_ORGANIZATION_IDS": "org_11"}, 1),
        (ALL_LISTS | {"CLERK_ALLOWED_ROLES": "org:member"}, 1),
        (ALL_LISTS | {"CLERK_ALLOWED_ROLES": "org:adm"}, 1),
        (ALL_LISTS | {"CLERK_REQUIRED_PERMISSIONS": "org:portkey:read,org:portkey:delete"}, 1),
        ({"CLERK_ALLOWED_SUBJECTS": "x", "CLERK_ALLOWED_ROLES": "x", "CLERK_REQUIRED_PERMISSIONS": "x"}, 3),
    ],
)
async def test_each_list_must_be_met(
    settings: dict[str, str], reasons: int, clerk: StandIn, make: MakeVerifier
) -> None:
    verifier, token = make(**settings), clerk.session_token(aud="https://mcp.test/mcp", **ORGANIZATION)
    for _ in range(2):  # the second time from memory
        if not reasons:
            assert await verifier.verify(token) is not None
            continue
        with capture_logs() as logs, pytest.raises(AccessDeniedError) as caught:
            await verifier.verify(token)
        assert str(caught.value).count("; ") == reasons - 1
        assert "clerk_not_admitted" in [line["event"] for line in logs]


async def test_without_an_active_organization_its_lists_are_not_met(
    clerk: StandIn, make: MakeVerifier
) -> None:
    verifier = make(**(ALL_LISTS | {"CLERK_ALLOWED_SUBJECTS": ""}))
    with pytest.raises(AccessDeniedError, match=r"organization.*role.*permission"):
        await verifier.verify(clerk.access_token())


async def test_a_scope_can_be_required(clerk: StandIn, make: MakeVerifier) -> None:
    verifier = make(CLERK_REQUIRE_SCOPE="true")
    assert await verifier.verify(clerk.access_token(scope="portkey:read")) is not None
    with pytest.raises(InsufficientScopeError, match="portkey:read"):
        await verifier.verify(clerk.access_token(scope="profile"))
