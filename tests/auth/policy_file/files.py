"""What the tests of policy files share: a small catalogue, and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from app.auth.policy import ALLOW_ALL, Policy, Risk
from app.auth.policy_file import PolicyFileError, Rules, Surroundings, load_rules
from app.auth.principal import Principal

KEY_A, KEY_B = "pk-a-0123456789abcdef", "pk-b-0123456789abcdef"
ENV = {"TEAM_A_KEY": KEY_A, "TEAM_B_KEY": KEY_B}


@dataclass(frozen=True)
class ATool:
    name: str
    domain: str
    risk: Risk


TOOLS = (
    ATool("list_configs", "configs", "read"),
    ATool("create_config", "configs", "write"),
    ATool("delete_config", "configs", "destructive"),
    ATool("list_prompts", "prompts", "read"),
    ATool("get_prompt", "prompts", "read"),
    ATool("delete_prompt", "prompts", "destructive"),
    ATool("list_users", "users", "read"),
)
ALICE = Principal(
    id="clerk:clerk.test/user_alice",
    kind="clerk",
    issuer="https://clerk.test",
    subject="user_alice",
    organization="org_a",
    roles=frozenset({"org:admin"}),
    permissions=frozenset({"org:portkey:manage"}),
    scopes=frozenset({"profile"}),
)
BOB = Principal(id="bearer:0123456789abcdef", kind="bearer")


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def written(folder: Path, content: object, name: str = "policy.yaml") -> str:
    path = folder / name
    path.write_text(
        content if isinstance(content, str) else yaml.dump(content, Dumper=_Plain, sort_keys=False)
    )
    return str(path)


def loaded(folder: Path, content: object, *, policy: Policy = ALLOW_ALL, **more: Any) -> Rules:
    """Load a policy; a list is a list of rules."""
    document = {"rules": content} if isinstance(content, list) else content
    given: dict[str, Any] = {"tools": TOOLS, "policy": policy, "env": ENV, **more}
    return load_rules(written(folder, document), Surroundings(**given))


def flaws(folder: Path, content: object, **more: Any) -> list[str]:
    """What is wrong with a policy."""
    try:
        loaded(folder, content, **more)
    except PolicyFileError as error:
        return [str(flaw) for flaw in error.flaws]
    return []


def tools_of(rules: Rules, principal: Principal) -> set[str]:
    """Names of the tools that a principal is permitted."""
    grant = rules.of(principal)
    return set() if grant is None else {tool.name for tool in TOOLS if grant.policy.permits(tool)}


def rule(match: Mapping[str, Any] | None = None, /, **grant: Any) -> dict[str, Any]:
    return {"match": match or {"principals": "*"}, "grant": grant}
