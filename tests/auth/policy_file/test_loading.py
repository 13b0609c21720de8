"""Everything wrong with a policy file is told at once, with its place, and without any secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.auth.policy import Policy
from app.auth.policy_file import PolicyFileError, Surroundings, load_rules
from app.auth.policy_file.document import LARGEST_FILE
from tests.auth.policy_file.files import ALICE, KEY_A, KEY_B, TOOLS, flaws, loaded, rule, tools_of, written

GOOD = rule()
LOOKS_LIKE_A_KEY = "pkab3dEfGh1jKlMn0pQrStUvWx"


def only(found: list[str]) -> str:
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("bad", "place", "advice"),
    [
        (rule(domains=["promts"]), "rule 2: grant.domains", "did you mean 'prompts'?"),
        (rule(tools=["list_config"]), "rule 2: grant.tools", "did you mean 'list_configs'?"),
        (rule(tools=["lst_*"]), "rule 2: grant.tools", "has 'lst_*', which is no tool"),
        (rule(exclude_tools="config/*"), "rule 2: grant.exclude_tools", "has 'config/*', which is no tool"),
        (rule(domains="prompts", tools="list_users"), "rule 2: grant", "none of its domains has"),
        (rule(domains="users", max_risk="read", exclude_tools="*"), "rule 2: grant", "grants no tool"),
        (rule(tools="delete_*", read_only=True), "rule 2: grant", "grants no tool"),
        (rule(credential="team_c"), "rule 2: grant.credential", "did you mean 'team_a'?"),
        (rule(credential="caller"), "rule 2: grant", "MCP_ALLOW_CALLER_KEY=true"),
        (rule(read_only="yes"), "rule 2: grant.read_only", "true or false"),
        (rule(max_risk="delete"), "rule 2: grant.max_risk", "'read', 'write' or 'destructive'"),
        (rule(domains=[]), "rule 2: grant.domains", "must not be empty"),
        (rule(domains=[7]), "rule 2: grant.domains[1]", "must be text"),
        (rule({"principals": ["u"] * 1001}), "rule 2: match.principals", "more than 1000 entries"),
        (rule({"principals": "u" * 513}), "rule 2: match.principals[1]", "longer than 512 characters"),
        (rule(domains={"a": 1}), "rule 2: grant.domains", "must be a list"),
        (rule(readonly=True), "rule 2: grant.readonly", "did you mean 'read_only'?"),
        (rule({"organisations": ["org_a"]}), "rule 2: match.organisations", "did you mean 'organizations'?"),
        (rule({"principals": []}), "rule 2: match.principals", "must not be empty"),
        (rule({"principals": [True]}), "rule 2: match.principals[1]", "must be text"),
        ({"match": {}, "grant": {}}, "rule 2: match", "says nobody"),
        ({"match": "everybody", "grant": {}}, "rule 2: match", "must be a mapping"),
        ({"grant": {}}, "rule 2: match", "is missing"),
        ({"match": {"principals": "*"}}, "rule 2", "either grant"),
        ({**GOOD, "deny": True}, "rule 2", "either grant"),
        ({"match": {"principals": "*"}, "deny": False}, "rule 2: deny", "True"),
        ({**GOOD, "name": 5}, "rule 2: name", "must be text"),
        ({**GOOD, "names": "x"}, "rule 2: names", "did you mean 'name'?"),
        ("everything", "rule 2", "must be a mapping"),
    ],
)
def test_a_problem_names_its_place_and_what_to_write(
    tmp_path: Path, bad: Any, place: str, advice: str
) -> None:
    document = {"credentials": {"team_a": {"env": "TEAM_A_KEY"}}, "rules": [GOOD, bad]}
    flaw = only(flaws(tmp_path, document))
    assert flaw.startswith(f"{place} ")
    assert advice in flaw


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    document = {
        "credentials": {"a": {"env": "MISSING_KEY"}, "b": {"file": "relative"}},
        "rule": [],
        "rules": [
            {"name": "support", "match": {"role": "x"}, "grant": {"domains": ["promts"], "credential": "c"}},
            {"match": {"principals": "*"}, "grant": {"tools": ["lst_users"], "read_only": 1}},
        ],
    }
    found = flaws(tmp_path, document)
    places = ["'rule'", "credentials: a", "credentials: b"]
    places += [
        "rule 1 (support): match",
        "rule 1 (support): grant.domains",
        "rule 1 (support): grant.credential",
    ]
    places += ["rule 2: grant.tools", "rule 2: grant.read_only"]
    assert all(any(flaw.startswith(place) for flaw in found) for place in places), found


@pytest.mark.parametrize(
    ("credential", "advice"),
    [
        ({"env": "NOT_SET"}, "NOT_SET is not set"),
        ({"env": "BLANK"}, "BLANK is not set"),
        ({"env": "SPOILT"}, "must hold the key alone"),
        ({"file": "/no/such/file"}, "no such file"),
        ({"file": "/"}, "directory"),
        ({"file": "secrets/key"}, "absolute path"),
        ({"env": "A", "file": "/b"}, "either env or file"),
        ({}, "either env or file"),
        ({"env": LOOKS_LIKE_A_KEY}, "never stands in a policy file"),
        ({"file": LOOKS_LIKE_A_KEY}, "never stands in a policy file"),
        (LOOKS_LIKE_A_KEY, "never stands in a policy file"),
        ({"key": LOOKS_LIKE_A_KEY}, "is not known here"),
        ({"environment": "TEAM_A_KEY"}, "is not known here"),
        (None, "never stands in a policy file"),
    ],
)
def test_a_credential_is_a_reference_to_a_key_that_is_there(
    tmp_path: Path, credential: object, advice: str
) -> None:
    document = {"credentials": {"team_a": credential}, "rules": [rule(credential="team_a")]}
    found = flaws(tmp_path, document, env={"BLANK": " ", "SPOILT": "a key with blanks"})
    assert any(flaw.startswith("credentials: team_a") and advice in flaw for flaw in found), found
    assert LOOKS_LIKE_A_KEY not in str(found)
    assert "a key with blanks" not in str(found)


@pytest.mark.parametrize("content", ["", " \n", "two words", "\x00\x01binary", "kürzel-0123456789"])
def test_a_mounted_file_holds_the_key_alone(tmp_path: Path, content: str) -> None:
    secret = tmp_path / "key"
    secret.write_text(content)
    document = {"credentials": {"a": {"file": str(secret)}}, "rules": [rule(credential="a")]}
    flaw = only(flaws(tmp_path, document))
    assert flaw.startswith("credentials: a has no key.")
    assert not content.strip() or content not in flaw


def test_a_key_comes_from_a_mounted_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(f"{KEY_B}\n")
    rules = loaded(tmp_path, {"credentials": {"a": {"file": str(secret)}}, "rules": [rule(credential="a")]})
    assert rules.secret_values() == (KEY_B,)
    assert KEY_B not in repr(rules)


@pytest.mark.parametrize("name", ["Team A", "server", "caller", LOOKS_LIKE_A_KEY, 7, ""])
def test_a_credential_has_a_plain_name_of_its_own(tmp_path: Path, name: object) -> None:
    flaw = only(flaws(tmp_path, {"credentials": {name: {"env": "TEAM_A_KEY"}}, "rules": [GOOD]}))
    assert "has a name that cannot be used" in flaw
    assert LOOKS_LIKE_A_KEY not in flaw


@pytest.mark.parametrize(
    "hidden",
    [
        rule(credential=LOOKS_LIKE_A_KEY),
        rule(domains=[LOOKS_LIKE_A_KEY]),
        rule(tools=[LOOKS_LIKE_A_KEY.lower()]),
        rule({LOOKS_LIKE_A_KEY: "x"}),
    ],
)
def test_what_may_be_a_key_in_the_wrong_place_is_not_repeated(tmp_path: Path, hidden: object) -> None:
    found = flaws(tmp_path, [hidden])
    assert found
    assert LOOKS_LIKE_A_KEY.lower() not in str(found).lower()


@pytest.mark.parametrize("place", ["name", "comment", "principal"])
def test_a_secret_of_the_server_stands_nowhere_in_the_file(tmp_path: Path, place: str) -> None:
    text = f"""
credentials: {{a: {{env: TEAM_A_KEY}}}}
rules:
  - name: {KEY_A if place == "name" else "x"}
    match: {{principals: {"bearer-token-0123" if place == "principal" else "y"}}}
    grant: {{credential: a}} # {KEY_A if place == "comment" else ""}
"""
    found = only(flaws(tmp_path, text, secrets=("bearer-token-0123", "short")))
    assert "holds a secret of this server" in found
    assert KEY_A not in found


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "must be a mapping"),
        ("- a", "must be a mapping"),
        ("rules:", "must be a list with at least one rule"),
        ("rules: []", "must be a list with at least one rule"),
        ("rules: {a: b}", "must be a list with at least one rule"),
        ("rules: [a\nb: c", "Line 2: the YAML cannot be read"),
        ("a: &x [1]\nb: *x", "aliases (*name) are not supported"),
        ("a: &x [*x]", "aliases"),
        ("rules: 1\nrules: 2", "Line 2: the YAML cannot be read: a key occurs twice"),
        ("? [a]\n: b", "the YAML cannot be read"),
        ("a: !!python/object:os.system x", "the YAML cannot be read"),
        ("a: b\n--- \nc: d", "the YAML cannot be read"),
        ("a: \x00", "the YAML cannot be read"),
        ("a: 1" + "1" * 5000, "the YAML cannot be read"),
        ("[" * 60_000, "nested deeper than 16 levels"),
        ("{a: " * 17, "nested deeper than 16 levels"),
        ("#" * (LARGEST_FILE + 1), "larger than 128 KiB"),
    ],
)
def test_what_is_no_policy_is_refused_in_a_sentence(tmp_path: Path, text: str, advice: str) -> None:
    assert advice in only(flaws(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("{", "Line 1: the JSON cannot be read"),
        ('{"rules": 1, "rules": 2}', "occurs twice"),
        ("[" * 60_000, "nested deeper"),
        ("1" * 5000, "too long"),
        ("{} {}", "Extra data"),
    ],
)
def test_a_file_named_json_is_read_as_json(tmp_path: Path, text: str, advice: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        load_rules(written(tmp_path, text, "policy.json"), Surroundings(tools=TOOLS))
    assert advice in only(list(map(str, refused.value.flaws)))


def test_the_same_policy_in_json_comes_to_the_same(tmp_path: Path) -> None:
    document = {"rules": [rule({"roles": "admin"}, domains=["prompts"])]}
    read = load_rules(written(tmp_path, json.dumps(document), "policy.json"), Surroundings(tools=TOOLS))
    assert tools_of(read, ALICE) == tools_of(loaded(tmp_path, document), ALICE) != set()


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named_as_such(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "policy.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolicyFileError, match=r"UTF-8|no such file"):
        load_rules(str(path), Surroundings(tools=TOOLS))


def test_more_rules_or_credentials_than_anybody_needs_are_refused(tmp_path: Path) -> None:
    many = ", ".join(["{match: {roles: a}, deny: true}"] * 1001)
    assert "more than 1000" in only(flaws(tmp_path, f"rules: [{many}]"))
    named = ", ".join(f"c{number}: {{env: TEAM_A_KEY}}" for number in range(1001))
    assert "more than 1000" in only(
        flaws(tmp_path, f"credentials: {{{named}}}\nrules: [{{match: {{roles: a}}, deny: true}}]")
    )


def test_without_a_key_of_the_servers_own_each_rule_names_a_credential(tmp_path: Path) -> None:
    assert "names no credential" in only(flaws(tmp_path, [rule()], server_key=False))


def test_the_summary_says_what_the_file_comes_to(tmp_path: Path) -> None:
    document = {
        "credentials": {"team_a": {"env": "TEAM_A_KEY"}},
        "rules": [
            {"name": "team a", **rule({"organizations": "org_a"}, read_only=True, credential="team_a")},
            {"match": {"principals": "stdio"}, "deny": True},
            rule(domains="users"),
        ],
    }
    rules = loaded(tmp_path, document)
    assert rules.summary == (
        "rule 1 (team a): 4 tools in 3 domains, credential team_a",
        "rule 2: nothing",
        "rule 3: 1 tool in 1 domain, the server's own key",
        "credential team_a: environment variable TEAM_A_KEY",
    )
    assert rules.warnings == ()


def test_what_can_hardly_be_meant_is_warned_of(tmp_path: Path) -> None:
    document = {
        "credentials": {"unused": {"env": "TEAM_A_KEY"}},
        "rules": [rule(), rule({"roles": "admin"}, domains="users")],
    }
    policy = Policy(domains=frozenset({"prompts"}))
    rules = loaded(tmp_path, document, logins=False, caller_keys=True, policy=policy)
    assert [warning.split(" ")[0:2] for warning in rules.warnings] == [
        ["rule", "1"],
        ["rule", "2"],
        ["rule", "2"],
        ["credential", "unused"],
        ["MCP_ALLOW_CALLER_KEY", "has"],
    ]
