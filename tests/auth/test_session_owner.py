from __future__ import annotations

import hashlib

from mcp.server.auth.middleware.bearer_auth import authorization_context

from app.auth.bearer import BearerVerifier
from app.auth.portkey_key import brought_key, named_key
from app.auth.principal import ANONYMOUS, STDIO, Principal
from app.auth.session_owner import session_owner


def test_one_principal_always_owns_its_sessions() -> None:
    alice = Principal("bearer:aa", "bearer")
    assert authorization_context(session_owner(alice)) == authorization_context(session_owner(alice))


def test_principals_do_not_share_sessions() -> None:
    owners = [session_owner(p) for p in (Principal("bearer:aa", "bearer"), ANONYMOUS, STDIO)]
    contexts = [tuple(authorization_context(owner).values()) for owner in owners]
    assert len(set(contexts)) == len(contexts)
    assert all(part is not None for context in contexts for part in context)


def test_the_keys_of_one_principal_do_not_share_sessions() -> None:
    alice = Principal("bearer:aa", "bearer")
    keys = [None, brought_key(b"pk-first-key"), brought_key(b"pk-second-key"), named_key("team_a", "pk-x")]
    contexts = {tuple(authorization_context(session_owner(alice, key)).values()) for key in keys}
    assert len(contexts) == len(keys)


def test_a_rotated_credential_keeps_its_sessions() -> None:
    alice = Principal("bearer:aa", "bearer")
    before, after = (session_owner(alice, named_key("team_a", secret)) for secret in ("pk-old", "pk-new"))
    assert authorization_context(before) == authorization_context(after)


async def test_neither_the_token_nor_its_full_digest_reaches_the_sdk() -> None:
    principal = await BearerVerifier(["s3cret"]).verify("s3cret")
    assert principal is not None
    shown = session_owner(principal).access_token.model_dump_json()
    assert "s3cret" not in shown
    assert hashlib.sha256(b"s3cret").hexdigest() not in shown
