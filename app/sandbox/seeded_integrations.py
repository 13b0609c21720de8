"""The integrations of the example company. Those that its virtual keys use carry the ids these name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from app.sandbox.ids import seed_id
from app.sandbox.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class SeededIntegration:
    """An integration to seed.

    Attributes:
        name: What its id is made from: the slug of the virtual key that uses it, where there is one.
        slug: Its slug.
        provider: The AI provider.
        body: What a request to create it would hold besides.
        workspace: The workspace it belongs to; None for one of the organisation.
        shared_with: The workspaces that may use it.
    """

    name: str
    slug: str
    provider: str
    body: JsonObject = field(default_factory=dict)
    workspace: str | None = None
    shared_with: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its id."""
        return seed_id("integration", self.name)


SEEDED: Final = (
    SeededIntegration(
        "openai-prod-4d1e7a",
        "openai-prod",
        "openai",
        {
            "name": "OpenAI production",
            "secret_mappings": [{"target_field": "key", "secret_reference_id": "aws-openai-prod"}],
        },
        shared_with=("ws-production",),
    ),
    SeededIntegration(
        "anthropic-prod-9b02c6",
        "anthropic-prod",
        "anthropic",
        {"name": "Anthropic production", "key": "sandbox-anthropic-prod-key"},
        shared_with=("ws-production",),
    ),
    SeededIntegration(
        "openai-staging-71fa3e",
        "openai-staging",
        "openai",
        {"name": "OpenAI staging", "key": "sandbox-openai-staging-key"},
        shared_with=("ws-staging",),
    ),
    SeededIntegration(
        "azure-support-c85d20",
        "azure-support",
        "azure-openai",
        {
            "name": "Azure OpenAI support",
            "configurations": {
                "azure_auth_mode": "entra",
                "azure_resource_name": "brightwater-support",
                "azure_deployment_config": [
                    {
                        "azure_api_version": "2024-10-21",
                        "azure_deployment_name": "support-4o",
                        "azure_model_slug": "gpt-4o",
                        "is_default": True,
                    }
                ],
                "azure_entra_tenant_id": "brightwater-tenant",
                "azure_entra_client_id": "portkey-support",
                "azure_entra_client_secret": "sandbox-entra-client-secret",
            },
        },
        workspace="ws-customer-support",
    ),
    SeededIntegration(
        "vertex-analytics",
        "vertex-analytics",
        "vertex-ai",
        {
            "name": "Vertex AI analytics",
            "configurations": {
                "vertex_auth_type": "serviceAccount",
                "vertex_region": "europe-west4",
                "vertex_service_account_json": {
                    "type": "service_account",
                    "client_email": "portkey@brightwater.iam.example",
                    "private_key": "sandbox-vertex-private-key",
                },
            },
        },
        shared_with=("ws-production", "ws-staging"),
    ),
    SeededIntegration(
        "hosted-llama",
        "hosted-llama",
        "openai",
        {
            "name": "Llama in our data centre",
            "key": "sandbox-hosted-llama-key",
            "configurations": {
                "custom_host": "https://llm.brightwater.example/v1",
                "custom_headers": {"authorization": "Bearer sandbox-internal-host"},
            },
        },
    ),
)
