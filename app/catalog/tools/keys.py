"""Keys: virtual keys, which hold the keys of AI providers, and Portkey's own API keys.

A virtual key is the older name of a provider; the tools of the domain `providers` see the same records.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, StringConstraints, model_validator

from app.catalog.inputs import (
    At,
    Clearable,
    Encode,
    FreeObject,
    Identifier,
    Inputs,
    Paged,
    Part,
    Spread,
    Time,
    Unlisted,
    Uuid,
    optional,
    required,
)
from app.catalog.json_value import JsonValue
from app.catalog.key_limits import (
    OBJECT,
    OBJECTS,
    ONE_BUDGET,
    ONE_RATE,
    Budget,
    BudgetObject,
    RateObjects,
    RequestsAMinute,
    Throttles,
)
from app.catalog.rules import AtLeastOneOf, NotTogether, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool, Workflow
from app.catalog.workflows.keys import get_virtual_key

DOMAIN = "keys"

MIN_TRANSITION_MS = 1_800_000

_WIRE_NAMES = {"api_version": "apiVersion", "deployment_name": "deploymentName"}


def as_deployments(value: JsonValue) -> JsonValue:
    """Azure deployments with the names that Portkey gives their members."""
    deployments = value if isinstance(value, list) else []
    return [
        {_WIRE_NAMES.get(name, name): member for name, member in item.items()}
        for item in deployments
        if isinstance(item, dict)
    ]


def _number_as_flag(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    return bool(value) if isinstance(value, int | float) and value >= 0 else value


class Deployment(Part):
    api_version: Identifier = required("Azure API version.")
    deployment_name: Identifier = required("Azure deployment.")
    alias: str | None = optional("Name to call it by.")
    is_default: bool | None = optional("Use it by default.")


class SecretMapping(Part):
    target_field: Annotated[str, StringConstraints(pattern=r"^(key|model_config\..+)$")] = required(
        "key, or model_config.<member>."
    )
    secret_reference_id: str = required("Secret reference, by id or slug.")
    secret_key: str | None = optional("Which of its values.")
    value_format: Literal["json", "string"] | None = optional("How to read the value.")


_AS_CREATED = "As in create_virtual_key."


class VirtualKeySettings(Budget, Throttles, RequestsAMinute):
    key: str | None = optional("Provider key.")
    note: Annotated[str | None, Unlisted()] = optional("Purpose.")
    deployment_configurations: Annotated[
        list[Deployment] | None, OBJECTS, At("deploymentConfig"), Encode(as_deployments), Unlisted()
    ] = optional("Azure: {api_version, deployment_name, alias, is_default} each.")
    secret_mappings: Annotated[list[SecretMapping] | None, OBJECTS] = optional(
        "Vault secrets: {target_field: key or model_config.x, secret_reference_id, secret_key, "
        "value_format: json|string} each."
    )


class CreateVirtualKey(VirtualKeySettings):
    usage_limits: BudgetObject = optional("Budget, as in create_api_key.")
    name: str = required("Name.")
    provider: str = required("Such as openai.")
    workspace_id: str | None = optional("Needed by organisation keys.")
    api_version: Annotated[str | None, At("apiVersion"), Unlisted()] = optional("Azure.")
    resource_name: Annotated[str | None, At("resourceName"), Unlisted()] = optional("Azure.")
    deployment_name: Annotated[str | None, At("deploymentName"), Unlisted()] = optional("Azure.")
    # The API's description has these members in its examples only.
    provider_config: Annotated[FreeObject | None, Spread()] = optional(
        "awsAccessKeyId, awsSecretAccessKey, awsRegion, vertexProjectId, vertexRegion, workersAiAccountId. "
        "For Azure give resource_name, deployment_name, api_version instead."
    )
    expires_at: Time | None = optional("Such as +90d.")


class OneVirtualKey(Inputs):
    slug: Identifier = required("Slug.")


class UpdateVirtualKey(VirtualKeySettings, OneVirtualKey):
    name: str | None = optional("Name.")
    usage_limits: BudgetObject = optional(_AS_CREATED)
    rate_limits: RateObjects = optional(_AS_CREATED)
    secret_mappings: Annotated[list[SecretMapping] | None, OBJECTS, Unlisted()] = optional(_AS_CREATED)


class RotationPolicy(Part):
    rotation_period: Literal["weekly", "monthly"] | None = optional("How often.")
    next_rotation_at: Time | None = optional("Or when next.")
    key_transition_period_ms: int | None = optional("How long the old secret works.", ge=MIN_TRANSITION_MS)

    @model_validator(mode="after")
    def _one_schedule(self) -> RotationPolicy:
        if (self.rotation_period is None) == (self.next_rotation_at is None):
            raise ValueError("needs either rotation_period or next_rotation_at")
        return self


class KeyRateLimit(Part):
    type: Literal["requests", "tokens"] = required("What it counts.")
    unit: Literal["rpm", "rph", "rpd", "rps", "rpw"] = required("A minute, hour, day, second or week.")
    value: int = required("How many.", ge=0)


class Defaults(Part):
    config_id: str | None = optional("Config.")
    metadata: FreeObject | None = optional("For the logs.")
    allow_config_override: bool | None = optional("Whether a request may name another config.")


class ApiKeySettings(Budget, RequestsAMinute):
    description: str | None = optional("Purpose.")
    defaults: Annotated[Defaults | None, OBJECT] = optional(
        "Of its requests: {config_id, metadata, allow_config_override}."
    )
    default_config_id: Annotated[str | None, At("defaults.config_id"), Unlisted()] = optional(
        "Config for its requests."
    )
    default_metadata: Annotated[dict[str, str] | None, At("defaults.metadata"), Unlisted()] = optional(
        "Text values added to its requests' logs."
    )
    default_allow_config_override: Annotated[
        bool | None, At("defaults.allow_config_override"), Unlisted()
    ] = optional("Whether a request may name another config.")
    alert_emails: list[str] | None = optional("For alerts.")


class CreateApiKey(ApiKeySettings):
    type: Literal["organisation", "workspace"] = required("Admin key or workspace key.")
    sub_type: Literal["user", "service"] = required("Person or program.")
    name: str = required("Name.")
    scopes: list[str] = required("Such as completions.write.")
    organisation_id: Annotated[str | None, Unlisted()] = optional("Organisation; the key's own if left out.")
    workspace_id: str | None = optional("For type workspace.")
    user_id: str | None = optional("For sub_type user.")
    rate_limits: Annotated[list[KeyRateLimit] | None, OBJECTS] = optional(
        "Throttles: {type: requests|tokens, unit: rpm|rph|rpd|rps|rpw, value} each."
    )
    expires_at: Time | None = optional("Such as +90d.")
    rotation_policy: Annotated[RotationPolicy | None, OBJECT] = optional(
        "Auto-rotate: {rotation_period: weekly|monthly or next_rotation_at, key_transition_period_ms}."
    )

    @model_validator(mode="after")
    def _user_keys_have_an_owner(self) -> CreateApiKey:
        # A workspace_id may be left out: with a workspace's key Portkey takes that workspace.
        if self.sub_type == "user" and not self.user_id:
            raise ValueError("user_id is required when sub_type is user")
        return self


class ListApiKeys(Paged):
    workspace_id: str | None = optional("Id or slug.")


class OneApiKey(Inputs):
    id: Uuid = required("Id.")


class UpdateApiKey(ApiKeySettings, OneApiKey):
    name: str | None = optional("Name.")
    usage_limits: BudgetObject = optional("As in create_api_key.")
    description: Annotated[str | None, Unlisted()] = optional("Purpose.")
    defaults: Annotated[Defaults | None, OBJECT] = optional("As in create_api_key.")
    alert_emails: Annotated[list[str] | None, Unlisted()] = optional("For alerts.")
    scopes: list[str] | None = optional("Replace all.")
    rate_limits: Annotated[list[KeyRateLimit] | None, OBJECTS, Clearable()] = optional(
        "As in create_api_key; null: none."
    )
    # The API's description has a boolean; numbers, as others send them, are read as one.
    reset_usage: Annotated[bool | None, BeforeValidator(_number_as_flag)] = optional("Count usage anew.")
    expires_at: Annotated[Time | None, Clearable()] = optional("null: never.")
    rotation_policy: Annotated[RotationPolicy | None, OBJECT, Clearable()] = optional(
        "As in create_api_key; null: none."
    )


class RotateApiKey(OneApiKey):
    key_transition_period_ms: int | None = optional("The old secret works on.", ge=MIN_TRANSITION_MS)


_ONE_SPELLING = (
    ONE_BUDGET,
    ONE_RATE,
    NotTogether("defaults", ("default_config_id", "default_metadata", "default_allow_config_override")),
)


def _of_every_type(action: str) -> tuple[str, ...]:
    """The scopes for API keys: which one is needed depends on the key that is meant."""
    types = ("organisation_service", "workspace_service", "workspace_user")
    return tuple(f"{type_}_api_keys.{action}" for type_ in types)


TOOLS = (
    Tool(
        name="list_virtual_keys",
        domain=DOMAIN,
        summary="List virtual keys (provider keys): slugs, budgets, throttles.",
        risk=Risk.READ,
        scopes=("virtual_keys.list",),
        inputs=Paged,
        call=Endpoint("GET", "/virtual-keys"),
    ),
    Tool(
        name="create_virtual_key",
        domain=DOMAIN,
        summary="Store a provider key as a virtual key, with budget and throttles.",
        detail="Give key, or secret_mappings.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("virtual_keys.create",),
        inputs=CreateVirtualKey,
        rules=(
            AtLeastOneOf(("key", "secret_mappings", "provider_config")),
            ONE_BUDGET,
            ONE_RATE,
        ),
        call=Endpoint("POST", "/virtual-keys"),
        lookup="list_virtual_keys",
        form="get_virtual_key",
    ),
    Tool(
        name="get_virtual_key",
        domain=DOMAIN,
        summary="Show one virtual key, its provider key hidden.",
        risk=Risk.READ,
        scopes=("virtual_keys.read",),
        inputs=OneVirtualKey,
        call=Workflow(get_virtual_key, ("GET /virtual-keys/{slug}",)),
        lookup="list_virtual_keys",
    ),
    Tool(
        name="update_virtual_key",
        domain=DOMAIN,
        summary="Change a virtual key: name, provider key, budget, throttles.",
        detail="A list replaces the whole list.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("virtual_keys.update",),
        inputs=UpdateVirtualKey,
        rules=(SomethingToChange(), ONE_BUDGET, ONE_RATE),
        # Throttles are missing from the API's description of this request, but stand in its answers.
        call=Endpoint("PUT", "/virtual-keys/{slug}"),
        lookup="list_virtual_keys",
        form="get_virtual_key",
    ),
    Tool(
        name="delete_virtual_key",
        domain=DOMAIN,
        summary="Delete a virtual key; prompts and configs that use it stop working.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("virtual_keys.delete",),
        inputs=OneVirtualKey,
        call=Endpoint("DELETE", "/virtual-keys/{slug}"),
        lookup="list_virtual_keys",
    ),
    Tool(
        name="create_api_key",
        title="Create API key",
        domain=DOMAIN,
        summary="Create a Portkey API key with scopes, budget, throttles, expiry.",
        detail="Its secret is shown this once.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=_of_every_type("create"),
        inputs=CreateApiKey,
        rules=_ONE_SPELLING,
        call=Endpoint("POST", "/api-keys/{type}/{sub_type}"),
        lookup="list_api_keys",
        form="get_api_key",
        one_time_secret=True,
    ),
    Tool(
        name="list_api_keys",
        title="List API keys",
        domain=DOMAIN,
        summary="List API keys, masked: ids, scopes, budgets, throttles.",
        risk=Risk.READ,
        scopes=_of_every_type("list"),
        inputs=ListApiKeys,
        call=Endpoint("GET", "/api-keys"),
    ),
    Tool(
        name="get_api_key",
        title="Get API key",
        domain=DOMAIN,
        summary="Show one API key, masked: scopes, budget, throttles.",
        risk=Risk.READ,
        scopes=_of_every_type("read"),
        inputs=OneApiKey,
        call=Endpoint("GET", "/api-keys/{id}"),
        lookup="list_api_keys",
    ),
    Tool(
        name="update_api_key",
        title="Update API key",
        domain=DOMAIN,
        summary="Change an API key: scopes, budget, throttles, expiry, rotation.",
        detail="A list replaces the whole list.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=_of_every_type("update"),
        inputs=UpdateApiKey,
        rules=(SomethingToChange(), *_ONE_SPELLING),
        call=Endpoint("PUT", "/api-keys/{id}"),
        lookup="list_api_keys",
        form="get_api_key",
    ),
    Tool(
        name="delete_api_key",
        title="Delete API key",
        domain=DOMAIN,
        summary="Revoke an API key, such as a leaked one, at once.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=_of_every_type("delete"),
        inputs=OneApiKey,
        call=Endpoint("DELETE", "/api-keys/{id}"),
        lookup="list_api_keys",
    ),
    Tool(
        name="rotate_api_key",
        title="Rotate API key",
        domain=DOMAIN,
        summary="Rotate an API key: a new secret, shown this once, under the same id.",
        detail="The old one works 30 minutes or more; if leaked: delete_api_key.",
        risk=Risk.DESTRUCTIVE,
        idempotent=False,
        scopes=_of_every_type("rotate"),
        inputs=RotateApiKey,
        call=Endpoint("POST", "/api-keys/{id}/rotate"),
        lookup="list_api_keys",
        one_time_secret=True,
    ),
)
