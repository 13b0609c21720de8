"""The calls of the key tools."""

from __future__ import annotations

from typing import Final

from app.sandbox.company import ORGANISATION_ID, user_id
from app.sandbox.ids import seed_id
from tests.catalog.calls import Call

OPENAI: Final = "openai-prod-4d1e7a"
CHECKOUT: Final = seed_id("api_key", "Checkout service")
NOBODY: Final = seed_id("api_key", "nobody")

_BUDGET: Final = {
    "credit_limit": 100,
    "type": "cost",
    "alert_threshold": 80,
    "periodic_reset": "monthly",
    "next_usage_reset_at": "2031-01-01T00:00:00Z",
}
_RATES: Final = [{"type": "requests", "unit": "rpm", "value": 60}]
_DEFAULTS: Final = {
    "config_id": "pc-checko-2b7f10",
    "metadata": {"team": "checkout"},
    "allow_config_override": False,
}
_POLICY: Final = {"rotation_period": "monthly", "key_transition_period_ms": 3_600_000}
_MAPPINGS: Final = [
    {
        "target_field": "model_config.awsSecretAccessKey",
        "secret_reference_id": "aws",
        "secret_key": "secret",
        "value_format": "string",
    }
]
_DEPLOYMENTS: Final = [
    {"api_version": "2024-10-21", "deployment_name": "gpt-4o", "alias": "main", "is_default": True}
]

CALLS: Final = (
    Call(
        tool="list_virtual_keys",
        minimal={},
        everything={"current_page": 0, "page_size": 2},
        failing={"page_size": 101},
        sends=("GET", "/v1/virtual-keys"),
    ),
    Call(
        tool="create_virtual_key",
        minimal={"name": "OpenAI batch", "provider": "openai", "key": "sk-made-up-0123456789"},
        everything={
            "name": "Azure batch",
            "provider": "azure-openai",
            "key": "made-up-0123456789",
            "note": "For the night run.",
            "workspace_id": seed_id("workspace", "ws-staging"),
            "api_version": "2024-10-21",
            "resource_name": "brightwater",
            "deployment_name": "gpt-4o",
            "deployment_configurations": _DEPLOYMENTS,
            "provider_config": {"awsRegion": "eu-north-1"},
            "usage_limits": _BUDGET,
            "rate_limits": _RATES,
            "expires_at": "2031-01-01T00:00:00Z",
            "secret_mappings": _MAPPINGS,
        },
        failing={"name": "OpenAI batch", "provider": "openai"},
        sends=("POST", "/v1/virtual-keys"),
    ),
    Call(
        tool="get_virtual_key",
        minimal={"slug": OPENAI},
        everything={"slug": OPENAI},
        failing={"slug": "missing"},
        sends=("GET", f"/v1/virtual-keys/{OPENAI}"),
    ),
    Call(
        tool="update_virtual_key",
        minimal={"slug": OPENAI, "name": "OpenAI main"},
        everything={
            "slug": OPENAI,
            "name": "OpenAI main",
            "key": "sk-made-up-0123456789",
            "note": "",
            "deployment_configurations": _DEPLOYMENTS,
            "usage_limits": _BUDGET,
            "rate_limits": _RATES,
            "secret_mappings": _MAPPINGS,
        },
        failing={"slug": OPENAI},
        sends=("PUT", f"/v1/virtual-keys/{OPENAI}"),
    ),
    Call(
        tool="delete_virtual_key",
        minimal={"slug": OPENAI},
        everything={"slug": OPENAI},
        failing={"slug": "missing"},
        sends=("DELETE", f"/v1/virtual-keys/{OPENAI}"),
    ),
    Call(
        tool="create_api_key",
        minimal={"type": "organisation", "sub_type": "service", "name": "Ops", "scopes": ["workspaces.list"]},
        everything={
            "type": "workspace",
            "sub_type": "user",
            "name": "Priya's second notebook",
            "scopes": ["completions.write"],
            "description": "For trials.",
            "organisation_id": ORGANISATION_ID,
            "workspace_id": "ws-production",
            "user_id": user_id("priya"),
            "usage_limits": _BUDGET,
            "rate_limits": _RATES,
            "defaults": _DEFAULTS,
            "alert_emails": ["priya.raman@brightwater.example"],
            "expires_at": "2031-01-01T00:00:00Z",
            "rotation_policy": _POLICY,
        },
        failing={"type": "workspace", "sub_type": "user", "name": "Whose?", "scopes": []},
        sends=("POST", "/v1/api-keys/organisation/service"),
    ),
    Call(
        tool="list_api_keys",
        minimal={},
        everything={"current_page": 0, "page_size": 1, "workspace_id": "ws-production"},
        failing={"page_size": 101},
        sends=("GET", "/v1/api-keys"),
    ),
    Call(
        tool="get_api_key",
        minimal={"id": CHECKOUT},
        everything={"id": CHECKOUT},
        failing={"id": NOBODY},
        sends=("GET", f"/v1/api-keys/{CHECKOUT}"),
    ),
    Call(
        tool="update_api_key",
        minimal={"id": CHECKOUT, "name": "Shop"},
        everything={
            "id": CHECKOUT,
            "name": "Shop",
            "description": "",
            "scopes": ["completions.write"],
            "usage_limits": _BUDGET,
            "rate_limits": _RATES,
            "defaults": _DEFAULTS,
            "alert_emails": [],
            "expires_at": "2031-01-01T00:00:00Z",
            "rotation_policy": _POLICY,
            "reset_usage": True,
        },
        failing={"id": NOBODY, "name": "Shop"},
        sends=("PUT", f"/v1/api-keys/{CHECKOUT}"),
    ),
    Call(
        tool="delete_api_key",
        minimal={"id": CHECKOUT},
        everything={"id": CHECKOUT},
        failing={"id": NOBODY},
        sends=("DELETE", f"/v1/api-keys/{CHECKOUT}"),
    ),
    Call(
        tool="rotate_api_key",
        minimal={"id": CHECKOUT},
        everything={"id": CHECKOUT, "key_transition_period_ms": 7_200_000},
        failing={"id": CHECKOUT, "key_transition_period_ms": 60_000},
        sends=("POST", f"/v1/api-keys/{CHECKOUT}/rotate"),
    ),
)
