"""Deployments: self-hosted gateways that are registered with Portkey's control plane.

They answer on the second version of the API.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from app.catalog.inputs import (
    At,
    Clearable,
    Encode,
    FreeObject,
    Identifier,
    Inputs,
    Unlisted,
    optional,
    required,
)
from app.catalog.rules import NotTogether, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.wire import as_flag, json_text

DOMAIN = "deployments"

Type = Literal["production", "non_production"]
Status = Literal["active", "archived"]
Url = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$")]


def _have_plain_names(tags: dict[str, str]) -> dict[str, str]:
    for name in tags:
        if not re.fullmatch(r"[a-zA-Z0-9_-]+", name):
            raise ValueError("names may hold letters, digits, _ and - only")
    return tags


# Not a pattern of the key's type: that would put `patternProperties` into the schema.
Tags = Annotated[dict[str, str], AfterValidator(_have_plain_names)]
Organisation = Annotated[str | None, Unlisted()]


class ListDeployments(Inputs):
    organisation_id: Organisation = optional("Organisation, if not the key's.")
    status: Annotated[Status | None, Unlisted()] = optional("Status.")
    type: Annotated[Type | None, Unlisted()] = optional("Kind.")
    workspace_slug: Annotated[list[str] | None, Unlisted()] = optional("Serving any of these.")
    search: str | None = optional("In the name.")
    tags: Annotated[Tags | None, Encode(json_text), Unlisted()] = optional("Having these.")


class OneDeployment(Inputs):
    id: Identifier = required("Id.")


class GetDeployment(Inputs):
    id: Identifier = required("Id, or self.")
    organisation_id: Organisation = optional("Organisation, if not the key's.")


class Settings(Inputs):
    type: Type | None = optional("Kind.")
    is_default: Annotated[bool | None, Unlisted()] = optional("Make default.")
    tags: Annotated[Tags | None, Clearable(), Unlisted()] = optional("Labels; null clears.")
    gateway_base_url: Annotated[Url | None, At("auth_settings.gateway_base_url")] = optional("URL.")
    mcp_gateway_base_url: Annotated[Url | None, At("auth_settings.mcp_gateway_base_url")] = optional("URL.")
    is_dataservice_hosted: Annotated[
        bool | None, At("auth_settings.is_dataservice_hosted"), Encode(as_flag), Unlisted()
    ] = optional("Has its own data service.")
    is_playground_proxy_allowed: Annotated[
        bool | None, At("auth_settings.is_playground_proxy_allowed"), Encode(as_flag), Unlisted()
    ] = optional("Playground may use it.")
    workspaces_allowed: Annotated[list[str] | None, At("auth_settings.workspaces_allowed")] = optional(
        "Workspace slugs; empty: all."
    )
    jwt_subs_allowed: Annotated[list[str] | None, At("auth_settings.jwt_subs_allowed")] = optional(
        "JWT subjects."
    )
    jwt_sub_workspace_mapping: Annotated[
        dict[str, str] | None, At("auth_settings.jwt_sub_workspace_mapping")
    ] = optional("JWT subject: workspace slug.")


class RegisterDeployment(Settings):
    name: str = required("Name.", min_length=1)
    slug: Annotated[Annotated[str, Field(min_length=1, max_length=50)] | None, Unlisted()] = optional("Slug.")
    deployment_config: Annotated[FreeObject | None, Unlisted()] = optional("Its settings.")
    organisation_id: Organisation = optional("Organisation, if not the key's.")


class UpdateDeployment(Settings, OneDeployment):
    name: str | None = optional("Name.")
    status: Annotated[Status | None, Unlisted()] = optional("Status.")
    deployment_config: Annotated[FreeObject | None, Clearable(), Unlisted()] = optional(
        "Its settings; null clears."
    )
    rotate_auth: bool | None = optional("New credentials.")
    override_existing: Annotated[bool | None, Unlisted()] = optional("Replace lists, not add.")
    allow_all_workspaces: Annotated[bool | None, At("auth_settings.allow_all_workspaces")] = optional(
        "Serve all."
    )
    remove_workspaces_allowed: Annotated[list[str] | None, At("auth_settings.remove_workspaces_allowed")] = (
        optional("Slugs.")
    )
    remove_subs_allowed: Annotated[list[str] | None, At("auth_settings.remove_subs_allowed")] = optional(
        "JWT subjects."
    )


TOOLS = (
    Tool(
        name="list_deployments",
        domain=DOMAIN,
        summary="List self-hosted gateways (deployments).",
        risk=Risk.READ,
        enterprise=True,
        scopes=("deployments.list",),
        inputs=ListDeployments,
        call=Endpoint("GET", "/deployments", base="v2"),
    ),
    Tool(
        name="register_deployment",
        domain=DOMAIN,
        summary="Register a self-hosted gateway (hybrid deployment).",
        detail="Its credentials come back this once.",
        risk=Risk.WRITE,
        idempotent=False,
        enterprise=True,
        scopes=("deployments.create",),
        inputs=RegisterDeployment,
        call=Endpoint("POST", "/deployments", base="v2"),
        lookup="list_deployments",
        form="get_deployment",
        one_time_secret=True,
    ),
    Tool(
        name="get_deployment",
        domain=DOMAIN,
        summary="Show one self-hosted gateway: URLs, workspaces, settings.",
        risk=Risk.READ,
        enterprise=True,
        scopes=("deployments.read",),
        inputs=GetDeployment,
        call=Endpoint("GET", "/deployments/{id}", base="v2"),
        lookup="list_deployments",
    ),
    Tool(
        name="update_deployment",
        domain=DOMAIN,
        summary="Change a self-hosted gateway, or rotate its credentials.",
        detail="New ones come back this once; the old ones end.",
        risk=Risk.DESTRUCTIVE,
        idempotent=False,
        enterprise=True,
        scopes=("deployments.update",),
        inputs=UpdateDeployment,
        rules=(
            SomethingToChange(),
            NotTogether("allow_all_workspaces", ("workspaces_allowed",)),
        ),
        call=Endpoint("PUT", "/deployments/{id}", base="v2"),
        lookup="list_deployments",
        form="get_deployment",
        one_time_secret=True,
    ),
    Tool(
        name="archive_deployment",
        domain=DOMAIN,
        summary="Take a gateway out of service; it stays listed.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        enterprise=True,
        scopes=("deployments.delete",),
        inputs=OneDeployment,
        call=Endpoint("DELETE", "/deployments/{id}", base="v2"),
        lookup="list_deployments",
    ),
)
