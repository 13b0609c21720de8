"""Who is granted what: examples, and what holds for any file and any principal."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.policy import Policy
from app.auth.principal import ANONYMOUS, STDIO, Principal
from tests.auth.policy_file.files import ALICE, BOB, KEY_A, TOOLS, loaded, rule, tools_of

EVERY_TOOL = {tool.name for tool in TOOLS}


@pytest.mark.parametrize(
    "match",
    [
        {"principals": "*"},
        {"principals": ["somebody", "user_alice"]},
        {"principals": "clerk:clerk.test/user_alice"},
        {"organizations": ["org_b", "org_a"]},
        {"roles": "org:admin"},
        {"roles": "admin"},
        {"permissions": "org:portkey:manage"},
        {"scopes": "profile"},
        {"organizations": "org_a", "roles": ["org:admin", "org:member"], "scopes": "profile"},
    ],
)
def test_a_rule_matches_when_every_condition_has_a_value_of_the_principal(
    tmp_path: Path, match: dict[str, Any]
) -> None:
    assert tools_of(loaded(tmp_path, [rule(match)]), ALICE) == EVERY_TOOL


@pytest.mark.parametrize(
    "match",
    [
        {"principals": "user_*"},
        {"principals": "user_alic"},
        {"principals": "org_a"},
        {"organizations": "*"},
        {"organizations": "org_a", "roles": "org:member"},
        {"roles": "dmin"},
        {"permissions": "org:portkey"},
        {"scopes": "Profile"},
        {"principals": "*", "organizations": "org_b"},
    ],
)
def test_anything_less_is_no_match(tmp_path: Path, match: dict[str, Any]) -> None:
    assert loaded(tmp_path, [rule(match)]).of(ALICE) is None


def test_who_has_no_organization_meets_no_condition_about_it(tmp_path: Path) -> None:
    rules = loaded(tmp_path, [rule({"organizations": "None"}), rule({"roles": "None"})])
    assert rules.of(BOB) is None
    assert rules.of(ANONYMOUS) is None


def test_the_kinds_of_caller_have_names(tmp_path: Path) -> None:
    rules = loaded(tmp_path, [rule({"principals": ["stdio", "bearer:0123456789abcdef"]})])
    assert rules.of(STDIO)
    assert rules.of(BOB)
    assert rules.of(ANONYMOUS) is None


def test_the_first_rule_that_matches_decides(tmp_path: Path) -> None:
    rules = loaded(
        tmp_path,
        [
            rule({"roles": "org:admin"}, domains="users"),
            {"match": {"principals": "bearer:0123456789abcdef"}, "deny": True},
            rule(),
        ],
    )
    assert tools_of(rules, ALICE) == {"list_users"}
    assert rules.of(BOB) is None
    assert tools_of(rules, ANONYMOUS) == EVERY_TOOL


@pytest.mark.parametrize(
    ("grant", "tools"),
    [
        ({}, EVERY_TOOL),
        ({"domains": ["prompts"]}, {"list_prompts", "get_prompt", "delete_prompt"}),
        ({"domains": "prompts", "tools": ["list_*"]}, {"list_prompts"}),
        (
            {"tools": ["prompts/*", "list_users"]},
            {"list_prompts", "get_prompt", "delete_prompt", "list_users"},
        ),
        ({"tools": "configs/list_*"}, {"list_configs"}),
        (
            {"exclude_tools": ["delete_*", "users/*"]},
            EVERY_TOOL - {"delete_config", "delete_prompt", "list_users"},
        ),
        ({"read_only": True, "domains": "configs"}, {"list_configs"}),
        ({"max_risk": "write", "domains": "configs"}, {"list_configs", "create_config"}),
        ({"max_risk": "write", "read_only": True, "domains": "configs"}, {"list_configs"}),
    ],
)
def test_each_key_of_a_grant_takes_tools_away(tmp_path: Path, grant: dict[str, Any], tools: set[str]) -> None:
    assert tools_of(loaded(tmp_path, [rule(**grant)]), ALICE) == tools


def test_no_rule_grants_more_than_the_server_has(tmp_path: Path) -> None:
    policy = Policy(domains=frozenset({"prompts"}), read_only=True)
    rules = loaded(tmp_path, [rule()], policy=policy)
    assert tools_of(rules, ALICE) == {"list_prompts", "get_prompt"}


def test_a_grant_says_which_key_is_used(tmp_path: Path) -> None:
    document = {
        "credentials": {"team_a": {"env": "TEAM_A_KEY"}},
        "rules": [
            rule({"principals": "user_alice"}, credential="team_a"),
            rule({"principals": "stdio"}, credential="caller"),
            rule(credential="server"),
        ],
    }
    rules = loaded(tmp_path, document, caller_keys=True)
    alice, stdio, bob = (rules.of(one) for one in (ALICE, STDIO, BOB))
    assert alice
    assert alice.portkey_key
    assert (alice.portkey_key.secret.get_secret_value(), alice.caller_key) == (KEY_A, "refused")
    assert stdio
    assert (stdio.portkey_key, stdio.caller_key) == (None, "required")
    assert bob
    assert (bob.portkey_key, bob.caller_key) == (None, "refused")


# --- What holds for any file -------------------------------------------------------------------------

ORGANIZATIONS, ROLES = ("org_a", "org_b"), ("org:admin", "org:member")
PERMISSIONS, SCOPES = ("p1", "p2"), ("s1", "s2")
SUBJECTS = ("u1", "u2")


def some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2)


MATCHES = st.fixed_dictionaries(
    {},
    optional={
        "principals": some((*SUBJECTS, "*")),
        "organizations": some(ORGANIZATIONS),
        "roles": some(ROLES),
        "permissions": some(PERMISSIONS),
        "scopes": some(SCOPES),
    },
).filter(bool)
GRANTS = st.fixed_dictionaries(
    {},
    optional={
        "domains": some(("configs", "prompts", "users")),
        "tools": some(("list_*", "delete_*", "get_prompt", "prompts/*", "*")),
        "exclude_tools": some(("delete_*", "list_users", "configs/*")),
        "read_only": st.booleans(),
        "max_risk": st.sampled_from(("read", "write", "destructive")),
    },
)
PRINCIPALS = st.builds(
    replace,
    st.just(ALICE),
    id=st.just("clerk:x/y"),
    subject=st.sampled_from((*SUBJECTS, None)),
    organization=st.sampled_from((*ORGANIZATIONS, None)),
    roles=st.frozensets(st.sampled_from(ROLES)),
    permissions=st.frozensets(st.sampled_from(PERMISSIONS)),
    scopes=st.frozensets(st.sampled_from(SCOPES)),
)


def meant(match: dict[str, list[str]], principal: Principal) -> bool:
    """The rule for matching, said in another way than the code does."""
    has = {
        "principals": {principal.id, principal.subject, "*"},
        "organizations": {principal.organization},
        "roles": principal.roles,
        "permissions": principal.permissions,
        "scopes": principal.scopes,
    }
    return all(any(value in has[condition] for value in values) for condition, values in match.items())


def permitted(grant: dict[str, Any], tool: Any) -> bool:
    """What a grant permits at most, key by key."""

    def named(patterns: list[str]) -> bool:
        return any(
            fnmatchcase(tool.name, one) or fnmatchcase(f"{tool.domain}/{tool.name}", one) for one in patterns
        )

    risks = ("read", "write", "destructive")
    return (
        tool.domain in grant.get("domains", [tool.domain])
        and named(grant.get("tools", ["*"]))
        and not named(grant.get("exclude_tools", []))
        and not (grant.get("read_only") and tool.risk != "read")
        and risks.index(tool.risk) <= risks.index(grant.get("max_risk", "destructive"))
    )


def usable(grant: dict[str, Any]) -> bool:
    """Whether a file may say so: each pattern has a tool in the domains, and some tool is left."""
    within = [tool for tool in TOOLS if tool.domain in grant.get("domains", [tool.domain])]
    patterns = [pattern for pattern in grant.get("tools", []) if "domains" in grant]
    return any(permitted(grant, tool) for tool in TOOLS) and all(
        any(permitted({"tools": [pattern]}, tool) for tool in within) for pattern in patterns
    )


@given(rules=st.lists(st.tuples(MATCHES, GRANTS.filter(usable)), min_size=1, max_size=4), who=PRINCIPALS)
def test_a_principal_has_what_the_first_matching_rule_grants_and_nothing_without_one(
    rules: list[tuple[dict[str, Any], dict[str, Any]]], who: Principal
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read = loaded(Path(folder), [{"match": match, "grant": grant} for match, grant in rules])
    first = next((grant for match, grant in rules if meant(match, who)), None)
    expected = {tool.name for tool in TOOLS if first is not None and permitted(first, tool)}
    assert tools_of(read, who) == expected
    assert (read.of(who) is None) == (first is None)
