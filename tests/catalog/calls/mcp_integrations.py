"""The MCP integration tools."""

from __future__ import annotations

from app.sandbox.company import ORGANISATION_ID, workspace_id
from tests.catalog.calls import Call

ONE = "/v1/mcp-integrations/github"
NOT_THERE = {"id": "nothing"}

CALLS = (
    Call(
        tool="list_mcp_integrations",
        minimal={},
        everything={
            "type": "organisation",
            "workspace_id": "ws-production",
            "search": "git",
            "organisation_id": ORGANISATION_ID,
            "current_page": 0,
            "page_size": 1000,
        },
        failing={"workspace_id": "ws-nowhere"},
        sends=("GET", "/v1/mcp-integrations"),
    ),
    Call(
        tool="create_mcp_integration",
        minimal={
            "name": "Docs",
            "url": "https://mcp.example.com/mcp",
            "auth_type": "none",
            "transport": "http",
        },
        everything={
            "name": "Billing",
            "url": "https://mcp.example.com/sse",
            "auth_type": "headers",
            "transport": "sse",
            "slug": "billing",
            "description": "Invoices.",
            "configurations": {"passthrough_header": {"x-request-id": {"type": "string"}}},
            "custom_headers": {"Authorization": "Bearer made-up"},
            "secret_mappings": [
                {
                    "target_field": "configurations.oauth_metadata",
                    "secret_reference_id": "aws-openai-prod",
                    "secret_key": "metadata",
                    "value_format": "json",
                }
            ],
            "workspace_id": workspace_id("ws-staging"),
            "organisation_id": ORGANISATION_ID,
        },
        failing={
            "name": "Twice",
            "url": "https://mcp.example.com/mcp",
            "auth_type": "none",
            "transport": "http",
            "slug": "github",
        },
        sends=("POST", "/v1/mcp-integrations"),
    ),
    Call(
        tool="get_mcp_integration",
        minimal={"id": "github"},
        everything={"id": "github"},
        failing=NOT_THERE,
        sends=("GET", ONE),
    ),
    Call(
        tool="update_mcp_integration",
        minimal={"id": "github", "name": "GitHub Enterprise"},
        everything={
            "id": "github",
            "name": "GitHub Enterprise",
            "description": "Code.",
            "url": "https://mcp.example.com/github",
            "auth_type": "headers",
            "transport": "sse",
            "configurations": {"passthrough_header": {"x-user-id": {"type": "string"}}},
            "custom_headers": {"Authorization": "Bearer made-up"},
            "secret_mappings": [
                {"target_field": "configurations.client_secret", "secret_reference_id": "aws-openai-prod"}
            ],
        },
        failing={"id": "github"},
        sends=("PUT", ONE),
    ),
    Call(
        tool="delete_mcp_integration",
        minimal={"id": "github"},
        everything={"id": "github"},
        failing=NOT_THERE,
        sends=("DELETE", ONE),
    ),
    Call(
        tool="get_mcp_integration_metadata",
        minimal={"id": "github"},
        everything={"id": "github"},
        failing=NOT_THERE,
        sends=("GET", f"{ONE}/metadata"),
    ),
    Call(
        tool="list_mcp_integration_capabilities",
        minimal={"id": "github"},
        everything={"id": "github", "page": 1, "page_size": 500, "type": "tool"},
        failing=NOT_THERE,
        sends=("GET", f"{ONE}/capabilities"),
    ),
    Call(
        tool="update_mcp_integration_capabilities",
        minimal={
            "id": "github",
            "capabilities": [{"name": "merge_pull_request", "type": "tool", "enabled": False}],
        },
        everything={
            "id": "github",
            "capabilities": [
                {"name": "delete_file", "type": "tool", "enabled": True},
                {"name": "assign_open_issues", "type": "prompt", "enabled": False},
            ],
        },
        failing={"id": "github", "capabilities": [{"name": "fork", "type": "tool", "enabled": False}]},
        sends=("PUT", f"{ONE}/capabilities"),
    ),
    Call(
        tool="list_mcp_integration_workspaces",
        minimal={"id": "github"},
        everything={"id": "github", "version": "2"},
        failing=NOT_THERE,
        sends=("GET", f"{ONE}/workspaces"),
    ),
    Call(
        tool="update_mcp_integration_workspaces",
        minimal={"id": "github", "workspaces": [{"id": "ws-customer-support", "enabled": True}]},
        everything={
            "id": "github",
            "workspaces": [{"id": workspace_id("ws-staging"), "enabled": False}],
            "global_workspace_access": {"enabled": True},
            "override_existing_workspace_access": True,
        },
        failing={"id": "github", "workspaces": []},
        sends=("PUT", f"{ONE}/workspaces"),
    ),
)
