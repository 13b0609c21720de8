"""Calls of the tools for secret references."""

from __future__ import annotations

from app.sandbox.company import ORGANISATION_ID
from tests.catalog.calls import Call

ALL = "/v1/secret-references"
STAGING = {"id": "vault-staging"}
NOTHING = {"id": "nothing"}

ASSUMED_ROLE = {
    "aws_auth_type": "assumedRole",
    "aws_role_arn": "arn:aws:iam::111122223333:role/reader",
    "aws_external_id": "brightwater",
    "aws_region": "eu-west-1",
}
AZURE_DEFAULT = {"azure_auth_mode": "default", "azure_vault_url": "https://v.vault.azure.example"}

CALLS = (
    Call(
        tool="create_secret_reference",
        minimal={
            "name": "Mistral key",
            "manager_type": "azure_kv",
            "auth_config": AZURE_DEFAULT,
            "secret_path": "mistral",
        },
        everything={
            "name": "Cohere key",
            "manager_type": "aws_sm",
            "auth_config": ASSUMED_ROLE,
            "secret_path": "prod/cohere",
            "secret_key": "api_key",
            "description": "For reranking",
            "slug": "cohere-key",
            "allow_all_workspaces": False,
            "allowed_workspaces": ["ws-production"],
            "tags": {"team": "search"},
            "organisation_id": ORGANISATION_ID,
        },
        failing={
            "name": "Taken",
            "manager_type": "azure_kv",
            "auth_config": AZURE_DEFAULT,
            "secret_path": "x",
            "slug": "vault-staging",
        },
        sends=("POST", ALL),
    ),
    Call(
        tool="list_secret_references",
        minimal={},
        everything={
            "manager_type": "hashicorp_vault",
            "tags": {"environment": "staging"},
            "search": "vault",
            "current_page": 0,
            "page_size": 5,
        },
        failing={"page_size": 101},
        sends=("GET", ALL),
    ),
    Call(
        tool="get_secret_reference",
        minimal=STAGING,
        everything=STAGING,
        failing=NOTHING,
        sends=("GET", f"{ALL}/vault-staging"),
    ),
    Call(
        tool="update_secret_reference",
        minimal={**STAGING, "name": "Staging"},
        everything={
            **STAGING,
            "name": "Staging",
            "description": None,
            "auth_config": {"vault_secret_id": "sandbox-next-secret-id"},
            "secret_path": "kv/staging/llms",
            "secret_key": "openai",
            "allow_all_workspaces": False,
            "allowed_workspaces": ["ws-staging", "ws-production"],
            "tags": None,
        },
        failing=STAGING,
        sends=("PUT", f"{ALL}/vault-staging"),
    ),
    Call(
        tool="delete_secret_reference",
        minimal=STAGING,
        everything=STAGING,
        failing={"id": "aws-openai-prod"},
        sends=("DELETE", f"{ALL}/vault-staging"),
    ),
)
