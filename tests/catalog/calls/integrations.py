"""Calls of the tools for integrations."""

from __future__ import annotations

from tests.catalog.calls import Call

ALL = "/v1/integrations"
ANTHROPIC = {"slug": "anthropic-prod"}
NOTHING = {"slug": "nothing"}
PRODUCTION = f"{ALL}/anthropic-prod"
OWN_MODEL = (
    "update_integration_models",
    {**ANTHROPIC, "models": [{"slug": "mine", "enabled": True, "is_custom": True}]},
)

BEDROCK = {"aws_auth_type": "assumedRole", "aws_region": "eu-west-1", "aws_role_arn": "arn:aws:iam::1:role/p"}
MAPPING = {"secret_reference_id": "aws-openai-prod", "secret_key": "api_key", "value_format": "string"}
FACTORS = {
    "multiplier": {
        "default": 0.8,
        "reasoning_token": 0,
        "response_token": None,
        "image": {"default": 1},
        "additional_units": {"web_search": 1.5},
    }
}
BUDGET = {"type": "cost", "credit_limit": 100, "alert_threshold": 80, "periodic_reset": "monthly"}
THROTTLE = {"type": "tokens", "unit": "rph", "value": 1000}

CALLS = (
    Call(
        tool="get_model_pricing",
        minimal={"provider": "openai", "model": "gpt-4o"},
        everything={"provider": "bedrock", "model": "amazon.nova-pro-v1:0"},
        failing={"provider": "openai", "model": "gpt-0"},
        sends=("GET", "/model-configs/pricing/openai/gpt-4o"),
    ),
    Call(
        tool="list_integrations",
        minimal={},
        everything={"current_page": 0, "page_size": 2, "workspace_id": "ws-staging", "type": "organisation"},
        failing={"workspace_id": "ws-nowhere"},
        sends=("GET", ALL),
    ),
    Call(
        tool="create_integration",
        minimal={"name": "Mistral", "ai_provider_id": "mistral-ai"},
        everything={
            "name": "Bedrock for support",
            "ai_provider_id": "bedrock",
            "slug": "bedrock-support",
            "key": "sandbox-bedrock-key",
            "description": "Batch jobs",
            "workspace_id": "ws-customer-support",
            "configurations": BEDROCK,
            "create_default_provider": True,
            "default_provider_slug": "bedrock-default",
            "secret_mappings": [{"target_field": "configurations.aws_external_id", **MAPPING}],
            "pricing_adjustments": FACTORS,
        },
        failing={"name": "Again", "ai_provider_id": "openai", "slug": "openai-prod"},
        sends=("POST", ALL),
    ),
    Call(
        tool="get_integration",
        minimal=ANTHROPIC,
        everything=ANTHROPIC,
        failing=NOTHING,
        sends=("GET", PRODUCTION),
    ),
    Call(
        tool="update_integration",
        minimal={**ANTHROPIC, "name": "Claude"},
        everything={
            **ANTHROPIC,
            "name": "Claude",
            "key": "sandbox-new-key",
            "description": "",
            "configurations": {"custom_host": "https://proxy.example", "custom_headers": {"x-team": "a"}},
            "secret_mappings": [{"target_field": "key", **MAPPING}],
            "pricing_adjustments": FACTORS,
        },
        failing=ANTHROPIC,
        sends=("PUT", PRODUCTION),
    ),
    Call(
        tool="delete_integration",
        minimal=ANTHROPIC,
        everything=ANTHROPIC,
        failing=NOTHING,
        sends=("DELETE", PRODUCTION),
    ),
    Call(
        tool="list_integration_models",
        minimal=ANTHROPIC,
        everything={**ANTHROPIC, "current_page": 1, "page_size": 2},
        failing=NOTHING,
        sends=("GET", f"{PRODUCTION}/models"),
    ),
    Call(
        tool="update_integration_models",
        minimal={**ANTHROPIC, "models": []},
        everything={
            **ANTHROPIC,
            "allow_all_models": False,
            "models": [
                {"slug": "claude-3-opus", "enabled": False},
                {
                    "slug": "tuned",
                    "enabled": True,
                    "is_custom": True,
                    "is_finetune": True,
                    "base_model_slug": "claude-3-opus",
                    "model_name": "Tuned for refunds",
                    "configurations": {
                        "custom_host": "https://tuned.example",
                        "custom_headers": {"authorization": "Bearer sandbox-tuned"},
                    },
                    "pricing_config": {
                        "type": "static",
                        "pay_as_you_go": {"request_token": {"price": 0.1}, "response_token": {"price": 0}},
                    },
                },
            ],
        },
        failing={**ANTHROPIC, "models": [{"slug": "claude-0", "enabled": True}]},
        sends=("PUT", f"{PRODUCTION}/models"),
    ),
    Call(
        tool="delete_integration_model",
        before=(OWN_MODEL,),
        minimal={**ANTHROPIC, "model_slug": "mine"},
        everything={**ANTHROPIC, "model_slug": "mine"},
        failing={**ANTHROPIC, "model_slug": "claude-3-opus"},
        sends=("DELETE", f"{PRODUCTION}/models"),
    ),
    Call(
        tool="list_integration_workspaces",
        minimal=ANTHROPIC,
        everything={**ANTHROPIC, "current_page": 0, "page_size": 1},
        failing=NOTHING,
        sends=("GET", f"{PRODUCTION}/workspaces"),
    ),
    Call(
        tool="update_integration_workspaces",
        minimal={**ANTHROPIC, "workspaces": [{"id": "ws-staging", "enabled": True}]},
        everything={
            **ANTHROPIC,
            "workspaces": [
                {
                    "id": "ws-staging",
                    "enabled": True,
                    "usage_limits": [BUDGET],
                    "rate_limits": [THROTTLE],
                    "reset_usage": True,
                    "create_default_provider": True,
                    "default_provider_slug": "claude-staging",
                },
                {"id": "ws-production", "enabled": False},
            ],
            "global_workspace_access": {"enabled": True, "usage_limits": [BUDGET], "rate_limits": None},
            "override_existing_workspace_access": True,
            "create_default_provider": False,
            "default_provider_slug": "claude-default",
        },
        failing={**ANTHROPIC, "workspaces": [{"id": "ws-nowhere", "enabled": True}]},
        sends=("PUT", f"{PRODUCTION}/workspaces"),
    ),
)
