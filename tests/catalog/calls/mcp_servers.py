"""The MCP server tools."""

from __future__ import annotations

from app.sandbox.company import user_id, workspace_id
from tests.catalog.calls import Call

ONE = "/v1/mcp-servers/github-tools"
SERVER = {"id": "github-tools"}
NOT_THERE = {"id": "nothing"}
NOBODY = "00000000-0000-4000-8000-000000000000"

CALLS = (
    Call(
        tool="list_mcp_server_connections",
        minimal=SERVER,
        everything={
            **SERVER,
            "user_id": user_id("priya"),
            "workspace_id": "ws-production",
            "current_page": 0,
            "page_size": 500,
        },
        failing=NOT_THERE,
        sends=("GET", f"{ONE}/connections"),
    ),
    Call(
        tool="disconnect_mcp_server_connection",
        # A service key, as the sandbox's own are, has to say whom.
        minimal={**SERVER, "user_id": user_id("priya")},
        everything={
            **SERVER,
            "user_id": user_id("priya"),
            "workspace_id": workspace_id("ws-production"),
        },
        failing={**SERVER, "user_id": NOBODY},
        sends=("DELETE", f"{ONE}/connections"),
    ),
    Call(
        tool="list_mcp_servers",
        minimal={},
        everything={
            "workspace_id": "ws-production",
            "search": "git",
            "id": "github-tools,linear-planning",
            "current_page": 0,
            "page_size": 100,
        },
        failing={"workspace_id": "ws-nowhere"},
        sends=("GET", "/v1/mcp-servers"),
    ),
    Call(
        tool="create_mcp_server",
        minimal={"name": "Linear", "mcp_integration_id": "linear"},
        everything={
            "name": "Linear for staging",
            "mcp_integration_id": "linear",
            "workspace_id": workspace_id("ws-staging"),
            "slug": "linear-staging",
            "description": "Release bugs.",
        },
        failing={"name": "Linear", "mcp_integration_id": "nothing"},
        sends=("POST", "/v1/mcp-servers"),
    ),
    Call(tool="get_mcp_server", minimal=SERVER, everything=SERVER, failing=NOT_THERE, sends=("GET", ONE)),
    Call(
        tool="update_mcp_server",
        minimal={**SERVER, "name": "GitHub tools"},
        everything={**SERVER, "name": "GitHub tools", "description": "For agents."},
        failing=SERVER,
        sends=("PUT", ONE),
    ),
    Call(
        tool="delete_mcp_server",
        minimal=SERVER,
        everything=SERVER,
        failing=NOT_THERE,
        sends=("DELETE", ONE),
    ),
    Call(
        tool="test_mcp_server",
        minimal=SERVER,
        everything=SERVER,
        failing=NOT_THERE,
        sends=("POST", f"{ONE}/test"),
    ),
    Call(
        tool="list_mcp_server_capabilities",
        minimal=SERVER,
        everything={**SERVER, "page": 1, "page_size": 500, "type": "prompt"},
        failing=NOT_THERE,
        sends=("GET", f"{ONE}/capabilities"),
    ),
    Call(
        tool="update_mcp_server_capabilities",
        minimal={**SERVER, "capabilities": [{"name": "create_issue", "type": "tool", "enabled": False}]},
        everything={
            **SERVER,
            "capabilities": [
                {"name": "merge_pull_request", "type": "tool", "enabled": True},
                {"name": "assign_open_issues", "type": "prompt", "enabled": False},
            ],
        },
        failing={**SERVER, "capabilities": [{"name": "fork", "type": "tool", "enabled": False}]},
        sends=("PUT", f"{ONE}/capabilities"),
    ),
    Call(
        tool="list_mcp_server_user_access",
        minimal=SERVER,
        everything={**SERVER, "page": 1, "page_size": 500, "search": "priya"},
        failing=NOT_THERE,
        sends=("GET", f"{ONE}/user-access"),
    ),
    Call(
        tool="update_mcp_server_user_access",
        minimal={**SERVER, "default_user_access": "deny"},
        everything={
            **SERVER,
            "users": [
                {"user_id": user_id("mateo"), "enabled": True},
                {"user_id": user_id("priya"), "enabled": False},
            ],
            "default_user_access": "deny",
        },
        failing={**SERVER, "users": [{"user_id": user_id("hana"), "enabled": True}]},
        sends=("PUT", f"{ONE}/user-access"),
    ),
)
