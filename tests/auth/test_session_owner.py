from __future__ import annotations

import hashlib

from app.auth.bearer import BearerVerifier
from app.auth.portkey_key import brought_key, named_key
from app.auth.principal import ANONYMOUS, STDIO, Principal
from app.auth.session_owner import session_owner


def test_one_principal_always_owns_its_sessions() -> None:
    alice = Principal("bearer:aa", "bearer")
    assert session_owner(alice) == session_owner(alice)


def test_principals_do_not_share_sessions() -> None:
    owners = {session_owner(p) for p in (Principal("bearer:aa", "bearer"), ANONYMOUS, STDIO)}
    assert len(owners) == 3


def test_the_keys_of_one_principal_do_not_share_sessions() -> None:
    alice = Principal("bearer:aa", "bearer")
    keys = [None, brought_key(b"pk-first-key"), brought_key(b"pk-second-key"), named_key("team_a", "pk-x")]
    assert len({session_owner(alice, key) for key in keys}) == len(keys)


def test_a_rotated_credential_keeps_its_sessions() -> None:
    alice = Principal("bearer:aa", "bearer")
    before, after = (session_owner(alice, named_key("team_a", secret)) for secret in ("pk-old", "pk-new"))
    assert before == after


async def test_neither_the_token_nor_its_full_digest_is_in_it() -> None:
    principal = await BearerVerifier(["s3cret"]).verify("s3cret")
    assert principal is not None
    shown = repr(session_owner(principal))
    assert "s3cret" not in shown
    assert hashlib.sha256(b"s3cret").hexdigest() not in shown
