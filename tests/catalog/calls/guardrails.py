"""One call of every guardrail tool."""

from __future__ import annotations

from typing import Any, Final

from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.ids import seed_id
from tests.catalog.calls import Call

SHIELD: Final = "pg-pii-sh-4be1c7"
MODERATION: Final = "pg-modera-9d2f60"
CHECKOUT: Final = "pg-checko-3c8a15"
TOOLS_GUARD: Final = "pg-no-sql-70e2bd"
GITHUB: Final = seed_id("mcp_server", "github-tools")
LINEAR: Final = seed_id("mcp_server", "linear-planning")
CAPABILITY: Final = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

NOTHING: Final = {"guardrail_id": "pg-nothing"}
ACTIONS: Final[dict[str, Any]] = {
    "deny": True,
    "async": False,
    "on_success": {"feedback": {"value": 5, "weight": 1, "metadata": ""}},
    "on_fail": {"feedback": {"value": -5, "weight": 0.5, "metadata": "screened"}},
}
CHECKS: Final = [
    {
        "id": "portkey.pii",
        "name": "No addresses",
        "is_enabled": True,
        "parameters": {"redact": True, "categories": ["EMAIL_ADDRESS"]},
    },
    {"id": "default.containsCode", "is_enabled": False, "parameters": {"format": "SQL", "not": True}},
]
EXCLUDE: Final = {
    "organisation_id": ORGANISATION_ID,
    "workspaces": [{"workspace_id": workspace_id("ws-production"), "excluded": True}],
}


def _exclusions(side: str) -> tuple[Call, Call]:
    return (
        Call(
            tool=f"list_{side}_guardrail_workspace_exclusions",
            minimal={"organisation_id": ORGANISATION_ID},
            everything={"organisation_id": ORGANISATION_ID},
            failing={"organisation_id": "another"},
            sends=("GET", f"/v1/workspace-exclusions/{side}-guardrails"),
        ),
        Call(
            tool=f"update_{side}_guardrail_workspace_exclusions",
            minimal=EXCLUDE,
            everything={**EXCLUDE, "override_existing": True},
            failing={**EXCLUDE, "workspaces": [{"workspace_id": "ws-nowhere", "excluded": True}]},
            sends=("PUT", f"/v1/workspace-exclusions/{side}-guardrails"),
        ),
    )


CALLS: tuple[Call, ...] = (
    Call(
        tool="get_organisation_defaults",
        minimal={},
        everything={},
        failing={"organisation_id": ORGANISATION_ID},
        sends=("GET", "/v2/admin/organisation/defaults"),
    ),
    Call(
        tool="update_organisation_defaults",
        minimal={"input_guardrails": [MODERATION]},
        everything={"input_guardrails": [SHIELD, MODERATION], "output_guardrails": []},
        failing={"input_guardrails": [CHECKOUT]},
        sends=("PUT", "/v2/admin/organisation/defaults"),
    ),
    *_exclusions("input"),
    *_exclusions("output"),
    Call(
        tool="list_guardrails",
        minimal={},
        everything={
            "workspace_id": workspace_id("ws-production"),
            "organisation_id": ORGANISATION_ID,
            "page_size": 1,
            "current_page": 1,
        },
        failing={"page_size": 1001},
        sends=("GET", "/v1/guardrails"),
    ),
    Call(
        tool="get_guardrail",
        minimal={"guardrail_id": SHIELD},
        everything={"guardrail_id": TOOLS_GUARD},
        failing=NOTHING,
        sends=("GET", f"/v1/guardrails/{SHIELD}"),
    ),
    Call(
        tool="create_guardrail",
        minimal={"name": "Screen", "checks": [{"id": "portkey.gibberish"}], "actions": ACTIONS},
        everything={
            "name": "Screen",
            "target": "llm",
            "checks": CHECKS,
            "actions": ACTIONS,
            "workspace_id": workspace_id("ws-staging"),
            "organisation_id": ORGANISATION_ID,
        },
        failing={"name": "Screen"},
        sends=("POST", "/v1/guardrails"),
    ),
    Call(
        tool="list_guardrail_mcp_servers",
        minimal={"guardrail_id": TOOLS_GUARD},
        everything={"guardrail_id": TOOLS_GUARD},
        failing={"guardrail_id": CHECKOUT},
        sends=("GET", f"/v1/guardrails/{TOOLS_GUARD}/mcp-servers"),
    ),
    Call(
        tool="replace_guardrail_mcp_servers",
        minimal={"guardrail_id": TOOLS_GUARD, "mcp_servers": {}},
        everything={
            "guardrail_id": TOOLS_GUARD,
            "mcp_servers": {
                GITHUB: {},
                LINEAR: {"run_on": ["output"], "mcp_integration_capability_ids": [CAPABILITY]},
            },
        },
        failing={"guardrail_id": TOOLS_GUARD, "mcp_servers": {CAPABILITY: {}}},
        sends=("PUT", f"/v1/guardrails/{TOOLS_GUARD}/mcp-servers"),
    ),
    Call(
        tool="upsert_guardrail_mcp_server",
        minimal={"guardrail_id": TOOLS_GUARD, "mcp_server_id": LINEAR},
        everything={
            "guardrail_id": TOOLS_GUARD,
            "mcp_server_id": GITHUB,
            "run_on": ["input", "output"],
            "mcp_integration_capability_ids": [CAPABILITY],
        },
        failing={"guardrail_id": TOOLS_GUARD, "mcp_server_id": CAPABILITY},
        sends=("PUT", f"/v1/guardrails/{TOOLS_GUARD}/mcp-servers/{LINEAR}"),
    ),
    Call(
        tool="update_guardrail",
        minimal={"guardrail_id": CHECKOUT, "name": "Checkout models, 2026"},
        everything={"guardrail_id": CHECKOUT, "name": "Checkout", "checks": CHECKS, "actions": ACTIONS},
        failing={"guardrail_id": CHECKOUT},
        sends=("PUT", f"/v1/guardrails/{CHECKOUT}"),
    ),
    Call(
        tool="delete_guardrail",
        minimal={"guardrail_id": CHECKOUT},
        everything={"guardrail_id": CHECKOUT},
        failing={"guardrail_id": SHIELD},
        sends=("DELETE", f"/v1/guardrails/{CHECKOUT}"),
    ),
)
