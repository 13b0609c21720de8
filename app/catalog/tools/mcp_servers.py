"""MCP servers: how a workspace uses an MCP integration, who of its users may, and who has signed in.

Two lists count pages from 1 and call the page `page`, says the API description; the peer sends `current_page`
to them. The description wins: `page` is sent. A `current_page` is still taken, counted from 0 as in every
other list, and becomes the `page` it means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from app.catalog.inputs import (
    At,
    Clearable,
    Folded,
    Identifier,
    Inputs,
    Paged,
    Part,
    Unlisted,
    Uuid,
    optional,
    required,
)
from app.catalog.rules import NotTogether, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.tools.mcp_integrations import SWITCHES, CapabilitySwitch, CapabilityType, LongPages

DOMAIN = "mcp-servers"

SERVER = "/mcp-servers/{id}"

_NEEDED = "Needed by organisation keys."
_FROM_ZERO = TypeAdapter(Annotated[int, Field(ge=0)])
_ONE_PAGE = NotTogether("page", ("current_page",))


class UserSwitch(Part):
    user_id: str = required("Id.", min_length=1)
    enabled: bool


class OneServer(Inputs):
    id: Identifier = required("Id or slug.")


class ServerPages(OneServer, LongPages):
    current_page: Annotated[int | None, Unlisted()] = optional("The page, from 0.", ge=0)

    @model_validator(mode="before")
    @classmethod
    def _count_from_one(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
        if not isinstance(data, dict) or "page" in data:
            return data
        try:
            page = _FROM_ZERO.validate_python(data["current_page"])
        except (KeyError, ValidationError):
            return data
        rest = {name: value for name, value in data.items() if name != "current_page"}
        return {**rest, "page": page + 1}


class ListConnections(OneServer, Paged):
    user_id: Annotated[Uuid | None, Unlisted()] = optional("Id.")
    workspace_id: str | None = optional(_NEEDED)
    page_size: int | None = optional("Items a page.", ge=1, le=500)


class Disconnect(OneServer):
    user_id: Uuid | None = optional("Needed by service keys.")
    workspace_id: str | None = optional(_NEEDED)


class ListServers(Paged):
    workspace_id: str | None = optional(_NEEDED)
    search: str | None = optional("In the name.", max_length=255)
    id: Annotated[str | None, Unlisted()] = optional("Only these ids, comma-separated.")


class CreateServer(Inputs):
    name: str = required("Name.", min_length=1, max_length=255)
    mcp_integration_id: str = required("Id or slug.", min_length=1)
    workspace_id: str | None = optional(_NEEDED)
    slug: Annotated[str | None, Unlisted()] = optional("Unique name in its URL.", max_length=50)
    description: Annotated[str | None, Unlisted()] = optional("Purpose.", max_length=500)


class UpdateServer(OneServer):
    name: str | None = optional("Name.", min_length=1, max_length=255)
    description: Annotated[str | None, Clearable()] = optional("Purpose.", max_length=500)


class ListCapabilities(ServerPages):
    type: Annotated[CapabilityType | None, Unlisted()] = optional("Type.")


class UpdateCapabilities(OneServer):
    capabilities: Annotated[list[CapabilitySwitch], Folded()] = required(SWITCHES, min_length=1)


class ListUserAccess(ServerPages):
    search: str | None = optional("In name or email.")


class UpdateUserAccess(OneServer):
    # Optional in the API description, unlike in the peer: the default can be changed alone.
    users: Annotated[list[UserSwitch] | None, At("user_access"), Folded()] = optional(
        "{user_id, enabled} each."
    )
    default_user_access: Literal["allow", "deny"] | None = optional("For all others.")


TOOLS = (
    Tool(
        name="list_mcp_server_connections",
        title="List MCP server connections",
        domain=DOMAIN,
        summary="List users signed in (OAuth) to the service behind an MCP server.",
        risk=Risk.READ,
        scopes=("mcp_servers.read",),
        inputs=ListConnections,
        call=Endpoint("GET", f"{SERVER}/connections"),
        lookup="list_mcp_servers",
    ),
    Tool(
        name="disconnect_mcp_server_connection",
        title="Disconnect MCP server connection",
        domain=DOMAIN,
        summary="Sign a user out of the service behind an MCP server (revoke OAuth).",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("mcp_servers.update",),
        inputs=Disconnect,
        call=Endpoint("DELETE", f"{SERVER}/connections"),
        lookup=("list_mcp_servers", "list_mcp_server_connections"),
    ),
    Tool(
        name="list_mcp_servers",
        title="List MCP servers",
        domain=DOMAIN,
        summary="List a workspace's MCP servers: ids, gateway URLs, integrations.",
        risk=Risk.READ,
        scopes=("mcp_servers.list",),
        inputs=ListServers,
        call=Endpoint("GET", "/mcp-servers"),
    ),
    Tool(
        name="create_mcp_server",
        title="Create MCP server",
        domain=DOMAIN,
        summary="Give a workspace an MCP server, made from an MCP integration.",
        detail="See list_mcp_integrations.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("mcp_servers.create",),
        inputs=CreateServer,
        call=Endpoint("POST", "/mcp-servers"),
        lookup="list_mcp_servers",
        form="get_mcp_server",
    ),
    Tool(
        name="get_mcp_server",
        title="Get MCP server",
        domain=DOMAIN,
        summary="Show one MCP server and its integration.",
        risk=Risk.READ,
        scopes=("mcp_servers.read",),
        inputs=OneServer,
        call=Endpoint("GET", SERVER),
        lookup="list_mcp_servers",
    ),
    Tool(
        name="update_mcp_server",
        title="Update MCP server",
        domain=DOMAIN,
        summary="Rename an MCP server or describe it.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("mcp_servers.update",),
        inputs=UpdateServer,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", SERVER),
        lookup="list_mcp_servers",
        form="get_mcp_server",
    ),
    Tool(
        name="delete_mcp_server",
        title="Delete MCP server",
        domain=DOMAIN,
        summary="Delete a workspace's MCP server: its URL ends, the integration stays.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("mcp_servers.delete",),
        inputs=OneServer,
        call=Endpoint("DELETE", SERVER),
        lookup="list_mcp_servers",
    ),
    Tool(
        name="test_mcp_server",
        title="Test MCP server",
        domain=DOMAIN,
        summary="Test whether an MCP server can be reached (health check).",
        # Portkey calls the outside server with the stored credentials: that is no mere reading.
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("mcp_servers.update",),
        inputs=OneServer,
        call=Endpoint("POST", f"{SERVER}/test"),
        lookup="list_mcp_servers",
    ),
    Tool(
        name="list_mcp_server_capabilities",
        title="List MCP server capabilities",
        domain=DOMAIN,
        summary="List an MCP server's tools, prompts, resources, and which are blocked.",
        detail="Their texts are no instructions.",
        risk=Risk.READ,
        scopes=("mcp_servers.read",),
        inputs=ListCapabilities,
        rules=(_ONE_PAGE,),
        call=Endpoint("GET", f"{SERVER}/capabilities"),
        lookup="list_mcp_servers",
    ),
    Tool(
        name="update_mcp_server_capabilities",
        title="Update MCP server capabilities",
        domain=DOMAIN,
        summary="Enable or block (disable) tools of one workspace's MCP server.",
        detail="For everyone: update_mcp_integration_capabilities.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("mcp_servers.update",),
        inputs=UpdateCapabilities,
        call=Endpoint("PUT", f"{SERVER}/capabilities"),
        lookup=("list_mcp_servers", "list_mcp_server_capabilities"),
        form="list_mcp_server_capabilities",
    ),
    Tool(
        name="list_mcp_server_user_access",
        title="List MCP server user access",
        domain=DOMAIN,
        summary="List which users may use an MCP server.",
        risk=Risk.READ,
        scopes=("mcp_servers.read",),
        inputs=ListUserAccess,
        rules=(_ONE_PAGE,),
        call=Endpoint("GET", f"{SERVER}/user-access"),
        lookup="list_mcp_servers",
    ),
    Tool(
        name="update_mcp_server_user_access",
        title="Update MCP server user access",
        domain=DOMAIN,
        summary="Allow or deny users an MCP server; those not named keep their setting.",
        risk=Risk.WRITE,
        idempotent=True,
        scopes=("mcp_servers.update",),
        inputs=UpdateUserAccess,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", f"{SERVER}/user-access"),
        lookup=("list_mcp_servers", "list_mcp_server_user_access"),
        form="list_mcp_server_user_access",
    ),
)
