"""MCP_POLICY_FILE and MCP_ALLOW_CALLER_KEY from the command line to the service; and what the docs say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from app.auth.bearer import principal_id
from app.auth.policy_file.model import GrantPart, MatchPart
from app.auth.principal import Principal
from app.catalog.registry import load_tools
from app.cli import DONE, WRONG_SETTINGS, main
from app.service import Service, build_backend, read_settings
from app.settings import SettingsError
from app.wiring.grants import load_policy_file
from tests.end_to_end.services import pointing_at

PAGE = (Path(__file__).parent.parent / "docs" / "policy.md").read_text(encoding="utf-8")
TOKENS = {"MCP_AUTH_MODE": "bearer", "MCP_AUTH_TOKEN": "token-0123456789abcdef"}
CLERK = {
    "MCP_AUTH_MODE": "clerk",
    "CLERK_ISSUER": "https://clerk.test",
    "CLERK_AUDIENCE": "https://mcp.test/mcp",
    "MCP_PUBLIC_BASE_URL": "https://mcp.test",
    "CLERK_ALLOWED_SUBJECTS": "user_a",
}
BASE_URL = {"PORTKEY_BASE_URL": "https://portkey.example.com/v1"}
KEY = "pk-team-a-0123456789"
TWO_RULES = """
credentials: {team_a: {env: TEAM_A_KEY}}
rules:
  - {name: stdio, match: {principals: stdio}, grant: {read_only: true, credential: team_a}}
  - {name: rest, match: {principals: "*"}, grant: {domains: prompts, credential: team_a}}
"""


def policy(folder: Path, text: str) -> dict[str, str]:
    path = folder / "policy.yaml"
    path.write_text(text)
    return {"MCP_POLICY_FILE": str(path), "TEAM_A_KEY": KEY}


def test_check_config_says_what_the_policy_comes_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-config"], policy(tmp_path, TWO_RULES) | BASE_URL) == DONE
    out = capsys.readouterr().out
    assert "Portkey at https://portkey.example.com/v1" in out
    assert "rule 2 (rest): " in out
    assert "tools in 1 domain, credential team_a" in out
    assert "credential team_a: environment variable TEAM_A_KEY" in out
    assert "Warning" not in out
    assert KEY not in out


@pytest.mark.parametrize("command", ["check-config", "http"])
def test_every_problem_of_the_policy_stands_in_the_report(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
credentials: {team_a: {env: NOT_SET}, team_b: pk-in-the-clear-0123}
rules:
  - {name: support, match: {organization: x}, grant: {domains: [promts], tools: [lst_prompts]}}
"""
    assert main([command], policy(tmp_path, text) | {"MCP_PORT": "0oops"}) == WRONG_SETTINGS
    report = capsys.readouterr().err
    assert report.count("MCP_POLICY_FILE=") == 1
    assert "has 6 problems" in report
    for found in (
        "NOT_SET is not set",
        "credentials: team_b",
        "did you mean 'organizations'",
        "did you mean 'prompts'",
        "rule 1 (support): grant.tools",
        "MCP_PORT",
    ):
        assert found in report
    assert "pk-in-the-clear" not in report


def test_a_rule_that_can_match_nobody_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "rules: [{match: {roles: admin}, grant: {}}]"
    assert main(["check-config"], policy(tmp_path, text) | TOKENS) == DONE
    assert "Warning: MCP_POLICY_FILE: rule 1 can match nobody" in capsys.readouterr().out


def test_a_rule_for_a_token_that_there_is_not_is_warned_of_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = principal_id(TOKENS["MCP_AUTH_TOKEN"])
    text = f"rules: [{{match: {{principals: [{known}, stdio, 'bearer:0000']}}, grant: {{}}}}]"
    assert main(["check-config"], policy(tmp_path, text) | TOKENS) == DONE
    out = capsys.readouterr().out
    assert "rule 1 names principals that there are not: " in out
    assert f"There are {known}, stdio." in out


def test_credentials_without_the_address_of_portkey_are_for_the_sandbox_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-config"], policy(tmp_path, TWO_RULES)) == DONE
    assert "used on the embedded sandbox" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "sandbox", "own_key"),
    [
        ({}, True, True),
        (BASE_URL, True, True),
        ({"MCP_ALLOW_CALLER_KEY": "true"}, True, True),
        ({"MCP_ALLOW_CALLER_KEY": "true", **BASE_URL}, False, False),
        ({"PORTKEY_API_KEY": "pk-server-0123"}, False, True),
    ],
)
def test_keys_from_elsewhere_reach_portkey_when_its_address_is_named(
    settings: dict[str, str], *, sandbox: bool, own_key: bool
) -> None:
    backend = build_backend(read_settings(settings))
    assert (backend.sandbox, backend.credential is not None) == (sandbox, own_key)


def test_a_server_without_a_key_of_its_own_asks_each_rule_for_one(tmp_path: Path) -> None:
    settings = policy(tmp_path, "rules: [{match: {principals: '*'}, grant: {}}]") | BASE_URL
    with pytest.raises(SettingsError, match="names no credential"):
        read_settings(settings)
    read_settings(settings | {"PORTKEY_API_KEY": "pk-server-0123"})


def test_the_service_tells_the_log_which_keys_to_mask(tmp_path: Path) -> None:
    env = policy(tmp_path, TWO_RULES)
    known: list[str] = []
    Service(read_settings(env), env=env, keep_secret=known.extend)
    assert known == [KEY]


@pytest.mark.parametrize(
    "text",
    [
        "rules: [{match: {principals: anonymous}, grant: {}}]",
        "rules: [{match: {principals: '*'}, grant: {credential: caller}}]",
        "rules: [{match: {principals: '*'}, deny: true}]",
    ],
)
def test_stdio_needs_a_rule_too(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    env = policy(tmp_path, text) | {"MCP_ALLOW_CALLER_KEY": "true"}
    assert main(["stdio"], env) == WRONG_SETTINGS
    assert "says principals: stdio" in capsys.readouterr().err


# --- docs/policy.md ----------------------------------------------------------------------------------


def documented(tmp_path: Path) -> dict[str, str]:
    """Set up the page's example; its secret file is elsewhere here."""
    found = re.search(r"<!-- two-teams -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found
    secret = tmp_path / "support_portkey_key"
    secret.write_text("pk-support-0123456789\n")
    text = found[1].replace("/run/secrets/support_portkey_key", str(secret))
    return policy(tmp_path, text) | CLERK | {"PAYMENTS_PORTKEY_KEY": "pk-payments-0123456789"}


def test_the_example_in_the_docs_grants_what_it_says(tmp_path: Path) -> None:
    env = documented(tmp_path) | pointing_at("http://127.0.0.1:9/v1")
    settings = read_settings(env)
    assert not [warning for warning in settings.warnings if "POLICY" in warning]
    tools = load_tools()
    read = load_policy_file(settings, tools, env)
    assert read

    def has(organization: str | None, role: str = "org:member", subject: str = "user_2x") -> Any:
        who = Principal("clerk:x", "clerk", None, subject, organization, frozenset({role}))
        grant = read.of(who)
        if grant is None:
            return None
        assert grant.portkey_key
        return grant.portkey_key.mark, {tool.name for tool in tools if grant.policy.permits(tool)}

    everything = {tool.name for tool in tools}
    assert has("org_2payments", "org:admin") == ("credential:payments", everything)
    mark, payments = has("org_2payments")
    assert mark == "credential:payments"
    assert {"update_config", "list_configs"} < payments < everything
    assert payments.isdisjoint({"delete_config", "create_api_key", "list_api_keys", "invite_user"})
    mark, support = has("org_2support")
    assert mark == "credential:support"
    assert {tool.domain for tool in tools if tool.name in support} == {"prompts", "analytics", "logging"}
    assert all(tool.risk == "read" for tool in tools if tool.name in support)
    assert has("org_2other") is None
    assert has(None) is None
    assert has("org_2payments", "org:admin", "user_2former") is None


def test_the_docs_name_every_key_of_a_rule() -> None:
    rows = set(re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE))
    assert rows >= {*MatchPart.model_fields, *GrantPart.model_fields}


def test_the_example_for_the_sandbox_works_as_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = re.search(r"<!-- two-tokens -->\n```yaml\n(.*?)```\n\n```sh\n(.*?)```", PAGE, re.DOTALL)
    assert found
    env = dict(re.findall(r"(\w+)=(\S+)", found[2])) | {
        "MCP_POLICY_FILE": policy(tmp_path, found[1])["MCP_POLICY_FILE"]
    }
    assert main(["check-config"], env) == DONE
    out = capsys.readouterr().out
    assert "names principals that there are not" not in out
    assert "rule 2 (support): 20 tools in 2 domains, credential support" in out
    assert "sees 20 tools" in PAGE
