from __future__ import annotations

import pytest

from app.auth.policy import ALLOW_ALL, Policy, Risk
from app.auth.principal import Principal
from app.auth.scopes import narrowed, scopes_for
from tests.auth.test_policy import CREATE_KEY, DELETE_USER, LIST_KEYS

TOOLS = (LIST_KEYS, CREATE_KEY, DELETE_USER)


def permitted(policy: Policy, *scopes: str) -> list[str]:
    principal = Principal(id="x", kind="clerk", scopes=frozenset(scopes))
    return [tool.risk for tool in TOOLS if narrowed(policy, principal).permits(tool)]


@pytest.mark.parametrize(
    ("scopes", "risks"),
    [
        ((), ["read", "write", "destructive"]),
        (("profile", "email"), ["read", "write", "destructive"]),
        (("portkey:read",), ["read"]),
        (("portkey:write", "profile"), ["read", "write"]),
        (("portkey:admin",), ["read", "write", "destructive"]),
        (("portkey:read", "portkey:admin"), ["read", "write", "destructive"]),
        (("portkey:reed",), []),
        (("PORTKEY:ADMIN",), ["read", "write", "destructive"]),
    ],
)
def test_a_scope_of_ours_limits_the_risk(scopes: tuple[str, ...], risks: list[str]) -> None:
    assert permitted(ALLOW_ALL, *scopes) == risks


def test_scopes_never_widen_the_policy() -> None:
    assert permitted(Policy(read_only=True), "portkey:admin") == ["read"]
    assert permitted(Policy(frozenset({"keys"})), "portkey:admin") == ["read", "write"]
    assert permitted(Policy(max_risk="read"), "portkey:admin") == ["read"]


@pytest.mark.parametrize(
    ("risk", "scopes"),
    [
        ("read", ("portkey:read",)),
        ("write", ("portkey:read", "portkey:write")),
        ("destructive", ("portkey:read", "portkey:write", "portkey:admin")),
    ],
)
def test_a_challenge_names_every_scope_up_to_the_risk(risk: Risk, scopes: tuple[str, ...]) -> None:
    assert scopes_for(risk) == scopes
