"""Calls of the tools for deployments."""

from __future__ import annotations

from app.sandbox.company import ORGANISATION_ID
from tests.catalog.calls import Call

ALL = "/v2/deployments"
STAGING = {"id": "dp-stagin-b83e27"}
NOTHING = {"id": "nothing"}

SETTINGS = {
    "type": "non_production",
    "is_default": False,
    "tags": {"region": "us-east-1"},
    "gateway_base_url": "https://gateway.example",
    "mcp_gateway_base_url": "https://mcp.gateway.example",
    "is_dataservice_hosted": 1,
    "is_playground_proxy_allowed": 0,
    "workspaces_allowed": ["ws-production"],
    "jwt_subs_allowed": ["ci"],
    "jwt_sub_workspace_mapping": {"ci": "ws-production"},
}

CALLS = (
    Call(
        tool="list_deployments",
        minimal={},
        everything={
            "organisation_id": ORGANISATION_ID,
            "status": "active",
            "type": "production",
            "workspace_slug": ["ws-production", "ws-staging"],
            "search": "frank",
            "tags": {"region": "eu-central-1"},
        },
        failing={"status": "gone"},
        sends=("GET", ALL),
    ),
    Call(
        tool="register_deployment",
        minimal={"name": "Virginia"},
        everything={
            "name": "Virginia",
            "slug": "dp-virginia",
            "organisation_id": ORGANISATION_ID,
            "deployment_config": {"log_store": "s3"},
            **SETTINGS,
        },
        failing={"name": "Frankfurt", "slug": "dp-frankf-5a0c1d"},
        sends=("POST", ALL),
    ),
    Call(
        tool="get_deployment",
        minimal=STAGING,
        everything={"id": "self", "organisation_id": ORGANISATION_ID},
        failing=NOTHING,
        sends=("GET", f"{ALL}/dp-stagin-b83e27"),
    ),
    Call(
        tool="update_deployment",
        minimal={**STAGING, "rotate_auth": True},
        everything={
            **STAGING,
            "name": "Staging",
            "status": "active",
            "deployment_config": None,
            "rotate_auth": True,
            "override_existing": True,
            "remove_workspaces_allowed": ["ws-staging"],
            "remove_subs_allowed": ["old"],
            **SETTINGS,
        },
        also=({**STAGING, "allow_all_workspaces": True},),
        failing=STAGING,
        sends=("PUT", f"{ALL}/dp-stagin-b83e27"),
    ),
    Call(
        tool="archive_deployment",
        minimal=STAGING,
        everything=STAGING,
        failing=NOTHING,
        sends=("DELETE", f"{ALL}/dp-stagin-b83e27"),
    ),
)
