"""The calls of the workspace tools."""

from __future__ import annotations

from typing import Any, Final

from app.sandbox.company import user_id, workspace_id
from app.sandbox.ids import seed_id
from tests.catalog.calls import Call

PRODUCTION: Final = "ws-production"
NOWHERE: Final = "ws-nowhere"
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
GROUP: Final = "Platform Engineering"

_SETTINGS: Final[dict[str, Any]] = {
    "slug": "ws-research",
    "description": "Trials of new models.",
    "is_default": 0,
    "metadata": {"team": "research"},
    "usage_limits": [
        {
            "credit_limit": 500,
            "type": "cost",
            "alert_threshold": 400,
            "periodic_reset": "monthly",
            "next_usage_reset_at": "2031-01-01T00:00:00Z",
        }
    ],
    "rate_limits": [{"type": "requests", "unit": "rpm", "value": 60}],
}

CALLS: Final = (
    Call(
        tool="list_scim_workspace_mappings",
        minimal={},
        everything={
            "workspace_id": workspace_id(PRODUCTION),
            "scim_group_id": seed_id("scim_group", GROUP),
            "role": "member",
            "page": 0,
            "page_size": 5,
        },
        failing={"page": -1},
        sends=("GET", "/v1/scim/workspaces"),
    ),
    Call(
        tool="create_scim_workspace_mapping",
        minimal={
            "workspace_id": workspace_id("ws-staging"),
            "role": "member",
            "scim_group_name": "Night shift",
        },
        everything={
            "workspace_id": workspace_id("ws-staging"),
            "role": "manager",
            "scim_group_id": seed_id("scim_group", "Contractors"),
        },
        failing={"workspace_id": NOWHERE, "role": "member", "scim_group_name": GROUP},
        sends=("POST", "/v1/scim/workspaces"),
    ),
    Call(
        tool="delete_scim_workspace_mapping",
        minimal={"mapping_id": seed_id("scim_workspace_mapping", f"{GROUP}/{PRODUCTION}")},
        everything={"mapping_id": seed_id("scim_workspace_mapping", f"{GROUP}/{PRODUCTION}")},
        failing={"mapping_id": NOBODY},
        sends=(
            "DELETE",
            f"/v1/scim/workspaces/{seed_id('scim_workspace_mapping', f'{GROUP}/{PRODUCTION}')}",
        ),
    ),
    Call(
        tool="list_scim_groups",
        minimal={},
        everything={"search": "plat", "page": 0, "page_size": 5},
        failing={"page_size": 0},
        sends=("GET", "/v2/scim/groups"),
    ),
    Call(
        tool="list_workspaces",
        minimal={},
        everything={
            "name": "Prod",
            "exact_name": "Production",
            "status": "active",
            "current_page": 0,
            "page_size": 5,
        },
        failing={"page_size": 101},
        sends=("GET", "/v1/admin/workspaces"),
    ),
    Call(
        tool="get_workspace",
        minimal={"workspace_id": PRODUCTION},
        everything={"workspace_id": PRODUCTION},
        failing={"workspace_id": NOWHERE},
        sends=("GET", "/v1/admin/workspaces/ws-production"),
    ),
    Call(
        tool="create_workspace",
        minimal={"name": "Research"},
        everything={"name": "Research", "users": [user_id("hana")], **_SETTINGS},
        failing={"name": "Production"},
        sends=("POST", "/v1/admin/workspaces"),
    ),
    Call(
        tool="update_workspace",
        minimal={"workspace_id": PRODUCTION, "description": "All that customers touch."},
        everything={
            "workspace_id": PRODUCTION,
            "name": "Live",
            "input_guardrails": ["pg-pii-42a7f1"],
            "output_guardrails": [],
            "user_api_key_config": None,
            **_SETTINGS,
        },
        failing={"workspace_id": PRODUCTION},
        sends=("PUT", "/v1/admin/workspaces/ws-production"),
    ),
    Call(
        tool="delete_workspace",
        before=(("create_workspace", {"name": "Research", "slug": "ws-research"}),),
        minimal={"workspace_id": "ws-research"},
        everything={"workspace_id": "ws-staging", "name": "Staging", "force_delete": True},
        failing={"workspace_id": "ws-staging", "name": "Staging"},
        sends=("DELETE", "/v1/admin/workspaces/ws-research"),
    ),
    Call(
        tool="add_workspace_member",
        minimal={"workspace_id": PRODUCTION, "user_id": user_id("hana"), "role": "member"},
        everything={"workspace_id": PRODUCTION, "user_id": user_id("hana"), "role": "admin"},
        failing={"workspace_id": PRODUCTION, "user_id": NOBODY, "role": "member"},
        sends=("POST", "/v1/admin/workspaces/ws-production/users"),
    ),
    Call(
        tool="list_workspace_members",
        minimal={"workspace_id": PRODUCTION},
        everything={
            "workspace_id": PRODUCTION,
            "role": "admin",
            "email": "amara@brightwater.example",
            "current_page": 0,
            "page_size": 5,
        },
        failing={"workspace_id": NOWHERE},
        sends=("GET", "/v1/admin/workspaces/ws-production/users"),
    ),
    Call(
        tool="get_workspace_member",
        minimal={"workspace_id": PRODUCTION, "user_id": user_id("amara")},
        everything={"workspace_id": PRODUCTION, "user_id": user_id("amara")},
        failing={"workspace_id": PRODUCTION, "user_id": user_id("hana")},
        sends=("GET", f"/v1/admin/workspaces/ws-production/users/{user_id('amara')}"),
    ),
    Call(
        tool="update_workspace_member",
        minimal={"workspace_id": PRODUCTION, "user_id": user_id("mateo"), "role": "manager"},
        everything={"workspace_id": PRODUCTION, "user_id": user_id("mateo"), "role": "manager"},
        failing={"workspace_id": PRODUCTION, "user_id": user_id("mateo"), "role": "owner"},
        sends=("PUT", f"/v1/admin/workspaces/ws-production/users/{user_id('mateo')}"),
    ),
    Call(
        tool="remove_workspace_member",
        minimal={"workspace_id": PRODUCTION, "user_id": user_id("mateo")},
        everything={"workspace_id": PRODUCTION, "user_id": user_id("mateo")},
        failing={"workspace_id": PRODUCTION, "user_id": NOBODY},
        sends=("DELETE", f"/v1/admin/workspaces/ws-production/users/{user_id('mateo')}"),
    ),
)
