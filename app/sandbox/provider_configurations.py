"""What each AI provider needs besides a key: the forms of an integration's `configurations`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from app.sandbox.fields import Field, flag, items, mapping, note, problems_of, record, text
from app.sandbox.json_types import JsonObject, JsonValue, as_object
from app.sandbox.secret_managers import masked

_AZURE: Final[dict[str, Field]] = {
    "azure_auth_mode": text(choices=("default", "entra", "managed")),
    "azure_entra_tenant_id": text(),
    "azure_entra_client_id": text(),
    "azure_entra_client_secret": text(),
    "azure_managed_client_id": text(),
}
_API_VERSION: Final = text(pattern=r".{1,30}")
_DEPLOYMENT: Final = record(
    {
        "azure_api_version": text(required=True, pattern=r".{1,30}"),
        "azure_deployment_name": text(required=True),
        "azure_model_slug": text(required=True),
        "alias": text(),
        "is_default": flag(),
    }
)
_AWS: Final[dict[str, Field]] = {
    "aws_auth_type": text(choices=("accessKey", "assumedRole")),
    "aws_region": text(),
    "aws_access_key_id": text(),
    "aws_secret_access_key": text(),
    "aws_role_arn": text(),
    "aws_external_id": note(),
}
_SAGEMAKER: Final = (
    *("custom_attributes", "target_model", "target_variant", "target_container_hostname", "inference_id"),
    *("enable_explanations", "inference_component", "session_id", "model_name"),
)
# provider: its members, and those of them it cannot do without
_FORMS: Final[dict[str, tuple[dict[str, Field], tuple[str, ...]]]] = {
    "openai": ({"openai_organization": text(), "openai_project": text()}, ()),
    "azure-openai": (
        {**_AZURE, "azure_resource_name": text(), "azure_deployment_config": items(_DEPLOYMENT, at_least=1)},
        ("azure_auth_mode", "azure_resource_name", "azure_deployment_config"),
    ),
    "azure-ai": (
        {
            **_AZURE,
            "azure_foundry_url": text(),
            "azure_api_version": _API_VERSION,
            "azure_deployment_name": text(),
        },
        ("azure_auth_mode", "azure_foundry_url"),
    ),
    "bedrock": (_AWS, ("aws_auth_type", "aws_region")),
    "sagemaker": (
        {**_AWS, **{f"amzn_sagemaker_{name}": text() for name in _SAGEMAKER}},
        ("aws_auth_type", "aws_region"),
    ),
    "vertex-ai": (
        {
            "vertex_auth_type": text(choices=("basic", "serviceAccount")),
            "vertex_region": text(),
            "vertex_project_id": text(),
            "vertex_service_account_json": mapping(),
        },
        ("vertex_auth_type", "vertex_region"),
    ),
    "workers-ai": ({"workers_ai_account_id": text()}, ("workers_ai_account_id",)),
    "huggingface": ({"huggingface_base_url": text()}, ()),
    "cortex": ({"snowflake_account": text()}, ("snowflake_account",)),
}
_EVERYWHERE: Final[dict[str, Field]] = {
    "custom_host": text(),
    "custom_headers": mapping(note(nullable=False)),
}
# With this value of this member, these are needed too.
_THEN: Final = (
    ("azure_auth_mode", "entra", tuple(_AZURE)[1:4]),
    ("aws_auth_type", "accessKey", ("aws_access_key_id", "aws_secret_access_key")),
    ("aws_auth_type", "assumedRole", ("aws_role_arn",)),
    ("vertex_auth_type", "basic", ("vertex_project_id",)),
    ("vertex_auth_type", "serviceAccount", ("vertex_service_account_json",)),
)
_SENSITIVE: Final = ("aws_secret_access_key", "azure_entra_client_secret")


def configuration_problems(
    provider: str, configurations: JsonObject, mapped: Collection[str]
) -> Iterator[str]:
    """Yield what is wrong with the configurations for a provider.

    Args:
        provider: Its id, such as `bedrock`. Providers with no form of their own take a custom host only.
        configurations: As they will be stored.
        mapped: The members that secret references fill.
    """
    members, needed = _FORMS.get(provider, ({}, ()))
    yield from problems_of(configurations, {**members, **_EVERYWHERE}, prefix="configurations.")
    there = {*configurations, *mapped}
    for name in needed:
        if name not in there:
            yield f"configurations.{name} is required for {provider}"
    for name, value, others in _THEN:
        for other in others if configurations.get(name) == value else ():
            if other not in there:
                yield f"configurations.{other} is required when {name} is {value}"


def masked_configurations(configurations: JsonValue) -> JsonObject:
    """Return configurations as they are shown. Service accounts and headers are shown in full."""
    return {
        f"masked_{name}" if name in _SENSITIVE else name: masked(value) if name in _SENSITIVE else value
        for name, value in as_object(configurations).items()
    }
