"""Secret references: where a secret stands in AWS Secrets Manager, Azure Key Vault or HashiCorp Vault.

Integrations, virtual keys and MCP integrations take secrets from them by mapping, so that Portkey stores
none. How Portkey signs in to a vault is never shown.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, WithJsonSchema, model_validator

from app.catalog.inputs import (
    Clearable,
    Encode,
    Identifier,
    Inputs,
    Paged,
    Unlisted,
    Uuid,
    optional,
    required,
)
from app.catalog.rules import SomethingToChange
from app.catalog.secret_managers import MANAGERS, AuthConfig, form_problems, merge_problems
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.wire import json_text

DOMAIN = "secret-references"

ManagerType = Literal["aws_sm", "azure_kv", "hashicorp_vault"]
Text = Annotated[str, Field(min_length=1, max_length=255)]
Path = Annotated[str, Field(max_length=1024)]
Auth = Annotated[AuthConfig, WithJsonSchema({"type": "object"})]

_FORMS = (
    "Sign-in. AWS: aws_region, aws_auth_type accessKey (aws_access_key_id, aws_secret_access_key)|"
    "assumedRole (aws_role_arn, aws_external_id?)|serviceRole. Azure: azure_vault_url, azure_auth_mode "
    "default|managed (azure_managed_client_id?)|entra (azure_entra_tenant_id, _client_id, _client_secret). "
    "HashiCorp: vault_addr, vault_namespace?, vault_auth_type token (vault_token)|approle (vault_role_id, "
    "vault_secret_id)|kubernetes (vault_role)."
)


class OneReference(Inputs):
    id: Identifier = required("Id or slug.")


class ListReferences(Paged):
    manager_type: Annotated[ManagerType | None, Unlisted()] = optional("Vault.")
    tags: Annotated[dict[str, str] | None, Encode(json_text), Unlisted()] = optional("Having these.")
    search: str | None = optional("In the name.", min_length=1, max_length=255)


class Sharing(Inputs):
    allow_all_workspaces: bool | None = optional("All may use it.")
    allowed_workspaces: list[str] | None = optional("Or these ids or slugs.", min_length=1)

    @model_validator(mode="after")
    def _shares_in_one_way(self) -> Sharing:
        if self.allow_all_workspaces and self.allowed_workspaces:
            raise ValueError("allow_all_workspaces cannot be true together with allowed_workspaces")
        return self


class CreateReference(Sharing):
    name: Text = required("Name.")
    manager_type: ManagerType = required("Vault.")
    auth_config: Auth = required(_FORMS)
    secret_path: Path = required("Path or name.")
    secret_key: str | None = optional("Member of it.", max_length=255)
    description: Annotated[str | None, Unlisted()] = optional("Purpose.", max_length=1024)
    slug: Annotated[Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$")] | None, Unlisted()] = (
        optional("Slug.", max_length=255)
    )
    tags: Annotated[dict[str, str] | None, Unlisted()] = optional("Labels of your own.")
    # Needed without an API key only, and there is always one.
    organisation_id: Annotated[Uuid | None, Unlisted()] = optional("Organisation.")

    @model_validator(mode="after")
    def _signs_in_to_its_manager(self) -> CreateReference:
        if problems := [*form_problems(MANAGERS[self.manager_type], self.auth_config)]:
            raise ValueError("; ".join(problems))
        return self


class UpdateReference(Sharing, OneReference):
    name: Annotated[Text | None, Unlisted()] = optional("Name.")
    auth_config: Auth | None = optional("To change, as in create_secret_reference.")
    secret_path: Path | None = optional("Path or name.")
    secret_key: Annotated[str | None, Clearable()] = optional("Member of it; null clears.", max_length=255)
    description: Annotated[str | None, Clearable(), Unlisted()] = optional("Purpose.", max_length=1024)
    tags: Annotated[dict[str, str] | None, Clearable(), Unlisted()] = optional("All labels anew.")

    @model_validator(mode="after")
    def _stays_with_one_manager(self) -> UpdateReference:
        if self.auth_config and (problems := [*merge_problems(self.auth_config)]):
            raise ValueError("; ".join(problems))
        return self


TOOLS = (
    Tool(
        name="create_secret_reference",
        domain=DOMAIN,
        summary="Refer to a secret in AWS Secrets Manager, Azure Key Vault or HashiCorp Vault.",
        detail="Used by secret_mappings.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("secret_references.create",),
        inputs=CreateReference,
        call=Endpoint("POST", "/secret-references"),
        lookup="list_secret_references",
        form="get_secret_reference",
    ),
    Tool(
        name="list_secret_references",
        domain=DOMAIN,
        summary="List references to secrets in vaults.",
        risk=Risk.READ,
        scopes=("secret_references.list",),
        inputs=ListReferences,
        call=Endpoint("GET", "/secret-references"),
    ),
    Tool(
        name="get_secret_reference",
        domain=DOMAIN,
        summary="Show one secret reference, credentials hidden.",
        risk=Risk.READ,
        scopes=("secret_references.read",),
        inputs=OneReference,
        call=Endpoint("GET", "/secret-references/{id}", json_text=("auth_config",)),
        lookup="list_secret_references",
    ),
    Tool(
        name="update_secret_reference",
        domain=DOMAIN,
        summary="Change a secret reference: path, vault credentials, workspaces.",
        detail="Lists are replaced; auth_config is merged.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("secret_references.update",),
        inputs=UpdateReference,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", "/secret-references/{id}"),
        lookup="list_secret_references",
        form="get_secret_reference",
    ),
    Tool(
        name="delete_secret_reference",
        domain=DOMAIN,
        summary="Delete an unused secret reference; the vault keeps the secret.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("secret_references.delete",),
        inputs=OneReference,
        call=Endpoint("DELETE", "/secret-references/{id}"),
        lookup="list_secret_references",
    ),
)
