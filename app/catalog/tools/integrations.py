"""Integrations: the organisation's accounts at AI providers, which models they offer and who may use them.

A provider key is stored in an integration once; workspaces then get providers (virtual keys) of it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, WithJsonSchema, model_validator

from app.catalog.inputs import (
    At,
    Clearable,
    Encode,
    Identifier,
    Implies,
    Inputs,
    InQuery,
    Paged,
    Part,
    Time,
    Unlisted,
    optional,
    required,
)
from app.catalog.json_value import JsonObject, JsonValue
from app.catalog.provider_configurations import (
    FORMS,
    AnyConfigurations,
    AnyPricingAdjustments,
    AwsAuth,
    AzureAuth,
    VertexAuth,
    missing_members,
)
from app.catalog.rules import NotTogether, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool

DOMAIN = "integrations"

FLAT_CONFIGURATIONS = (
    *("api_version", "resource_name", "deployment_name", "aws_region", "aws_access_key_id"),
    *("aws_secret_access_key", "vertex_project_id", "vertex_region", "custom_host"),
)
"""Arguments that fill single members of `configurations`."""

_AS_CREATED = "As in create_integration."
_OBJECTS = WithJsonSchema({"type": "array", "items": {"type": "object"}})
_LIMITS = (
    "[{credit_limit (dollars or tokens), type: cost|tokens, alert_threshold (amount), "
    "periodic_reset: monthly|weekly}]"
)
_RATES = "[{type: requests|tokens, unit: rpm|rph|rpd, value}]"

NewSlug = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$"), Field(max_length=255)]


class UsageLimit(Part):
    type: Literal["cost", "tokens"] | None = None
    credit_limit: float | None = Field(default=None, gt=0)
    alert_threshold: float | None = Field(default=None, gt=0)
    periodic_reset: Annotated[Literal["monthly", "weekly"] | None, Clearable()] = None
    periodic_reset_days: Annotated[int | None, Clearable()] = Field(default=None, ge=1, le=365)
    next_usage_reset_at: Annotated[Time | None, Clearable()] = None


class RateLimit(Part):
    type: Literal["requests", "tokens"]
    unit: Literal["rpm", "rph", "rpd"]
    value: int = Field(ge=0)


UsageLimits = Annotated[list[UsageLimit], Field(max_length=1), _OBJECTS]
RateLimits = Annotated[list[RateLimit], Field(max_length=1), _OBJECTS]


class SecretMapping(Part):
    target_field: Annotated[str, StringConstraints(pattern=r"^(key|configurations\..+)$")]
    secret_reference_id: str
    secret_key: str | None = None
    value_format: Literal["string", "json"] | None = None


SecretMappings = Annotated[list[SecretMapping], _OBJECTS]


class OneIntegration(Inputs):
    slug: Identifier = required("Slug.")


class OneIntegrationPaged(Paged, OneIntegration):
    # The API description has no pages here; they are asked for as everywhere.
    pass


class OneModelPrice(Inputs):
    provider: Identifier = required("Such as openai.")
    model: Identifier = required("Exact name.")


class ListIntegrations(Paged):
    workspace_id: str | None = optional("Usable by this.")
    type: Annotated[Literal["workspace", "organisation", "all"] | None, Unlisted()] = optional("Who owns it.")


class Account(Inputs):
    """What both creating and updating take.

    The single arguments are those of older clients. The API description has other names for the Azure ones,
    and it wins: they make one Azure OpenAI deployment.
    """

    key: str | None = optional("Provider key.")
    description: Annotated[str | None, Unlisted()] = optional("Purpose.")
    configurations: AnyConfigurations | None = optional(FORMS)
    secret_mappings: SecretMappings | None = optional(
        "Vault secrets: {target_field: key or configurations.x, secret_reference_id, secret_key, "
        "value_format: string|json} each."
    )
    pricing_adjustments: Annotated[AnyPricingAdjustments | None, Clearable()] = optional(
        "Price factors: {multiplier: {default: 0.8}}."
    )
    aws_access_key_id: Annotated[str | None, At("configurations.aws_access_key_id"), Unlisted()] = optional(
        "AWS key id."
    )
    aws_secret_access_key: Annotated[str | None, At("configurations.aws_secret_access_key"), Unlisted()] = (
        optional("AWS secret key.")
    )
    aws_region: Annotated[str | None, At("configurations.aws_region"), Unlisted()] = optional("AWS region.")
    vertex_project_id: Annotated[str | None, At("configurations.vertex_project_id"), Unlisted()] = optional(
        "Google Cloud project."
    )
    vertex_region: Annotated[str | None, At("configurations.vertex_region"), Unlisted()] = optional(
        "Google Cloud region."
    )
    resource_name: Annotated[str | None, At("configurations.azure_resource_name"), Unlisted()] = optional(
        "Azure resource."
    )
    deployment_name: Annotated[
        str | None, At("configurations.azure_deployment_config.0.azure_deployment_name"), Unlisted()
    ] = optional("Azure deployment.")
    api_version: Annotated[
        str | None, At("configurations.azure_deployment_config.0.azure_api_version"), Unlisted()
    ] = optional("Azure API version.")
    custom_host: Annotated[str | None, At("configurations.custom_host"), Unlisted()] = optional("Own host.")

    @model_validator(mode="after")
    def _fill_each_field_once(self) -> Account:
        targets = [mapping.target_field for mapping in self.secret_mappings or ()]
        twice = sorted({target for target in targets if targets.count(target) > 1})
        if twice:
            raise ValueError(f"secret_mappings fill {', '.join(twice)} more than once")
        return self


class CreateIntegration(Account):
    name: str = required("Name.")
    ai_provider_id: str = required("Such as openai, bedrock.")
    slug: Annotated[NewSlug | None, Unlisted()] = optional("Slug.")
    workspace_id: str | None = optional("Else the organisation's.")
    create_default_provider: bool | None = optional("Add a provider there (default).")
    default_provider_slug: Annotated[NewSlug | None, Unlisted()] = optional("Its slug.")
    # Which form of configurations is meant follows from the single arguments: only one has them. An update
    # does not say it again, so that it never changes how an account signs in.
    aws_auth_type: Annotated[AwsAuth | None, At("configurations.aws_auth_type"), Unlisted()] = optional(
        "AWS sign-in."
    )
    azure_auth_mode: Annotated[AzureAuth | None, At("configurations.azure_auth_mode"), Unlisted()] = optional(
        "Azure sign-in."
    )
    vertex_auth_type: Annotated[VertexAuth | None, At("configurations.vertex_auth_type"), Unlisted()] = (
        optional("Vertex sign-in.")
    )
    aws_access_key_id: Annotated[
        str | None, At("configurations.aws_access_key_id"), Implies("aws_auth_type", "accessKey"), Unlisted()
    ] = optional("AWS key id.")
    vertex_project_id: Annotated[
        str | None, At("configurations.vertex_project_id"), Implies("vertex_auth_type", "basic"), Unlisted()
    ] = optional("Google Cloud project.")
    resource_name: Annotated[
        str | None,
        At("configurations.azure_resource_name"),
        Implies("azure_auth_mode", "default"),
        Unlisted(),
    ] = optional("Azure resource.")

    @model_validator(mode="after")
    def _configurations_are_whole(self) -> CreateIntegration:
        mapped = [m.target_field.removeprefix("configurations.") for m in self.secret_mappings or ()]
        if self.configurations and (missing := [*missing_members(self.configurations, mapped)]):
            raise ValueError("; ".join(missing))
        return self


class UpdateIntegration(Account, OneIntegration):
    name: str | None = optional("Name.")
    configurations: AnyConfigurations | None = optional(_AS_CREATED)
    secret_mappings: SecretMappings | None = optional(_AS_CREATED)


class TokenPrice(Part):
    price: float = Field(ge=0)


class PayAsYouGo(Part):
    request_token: TokenPrice | None = None
    response_token: TokenPrice | None = None


class Pricing(Part):
    type: Literal["static"]
    pay_as_you_go: PayAsYouGo | None = None


class ModelConfigurations(Part):
    custom_host: str | None = None
    # The API description has the host only.
    custom_headers: dict[str, str] | None = None


class Model(Part):
    slug: str
    enabled: bool
    is_custom: bool | None = None
    is_finetune: bool | None = None
    base_model_slug: str | None = None
    # Not in the API description.
    model_name: str | None = None
    configurations: ModelConfigurations | None = None
    pricing_config: Pricing | None = None


class UpdateModels(OneIntegration):
    models: Annotated[list[Model], _OBJECTS] = required(
        "{slug, enabled, is_custom (to add one), is_finetune, base_model_slug, configurations: "
        "{custom_host}, pricing_config: {type: static, pay_as_you_go: {request_token: {price}, "
        "response_token}}} each; cents a token."
    )
    allow_all_models: bool | None = optional("Allow all others.")


class DeleteModels(OneIntegration):
    model_slug: Annotated[str, InQuery("slugs")] = required("One, or several with commas.", min_length=1)


class WorkspaceAccess(Part):
    id: str
    enabled: bool
    usage_limits: Annotated[UsageLimits | None, Clearable()] = None
    rate_limits: Annotated[RateLimits | None, Clearable()] = None
    reset_usage: bool | None = None
    create_default_provider: bool | None = None
    default_provider_slug: str | None = None
    # The short limits of older clients.
    credit_limit: float | None = Field(default=None, gt=0)
    alert_threshold: float | None = Field(default=None, gt=0)
    rate_limit_rpm: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _limits_are_said_once(self) -> WorkspaceAccess:
        if self.usage_limits and (self.credit_limit or self.alert_threshold):
            raise ValueError("usage_limits cannot be combined with credit_limit and alert_threshold")
        if self.rate_limits and self.rate_limit_rpm:
            raise ValueError("rate_limits cannot be combined with rate_limit_rpm")
        return self


class GlobalAccess(Part):
    enabled: bool
    usage_limits: Annotated[UsageLimits | None, Clearable()] = None
    rate_limits: Annotated[RateLimits | None, Clearable()] = None


def _requests_a_minute(value: JsonValue) -> JsonValue:
    # Type and unit are what the argument's name says.
    return [{"type": "requests", "unit": "rpm", "value": value}]


def _with_limits(accesses: list[JsonObject]) -> JsonValue:
    """Put the short limits where Portkey wants them; of a budget nothing is said that was not given."""
    return [_with_limit(access) for access in accesses]


def _with_limit(access: JsonObject) -> JsonValue:
    short = ("credit_limit", "alert_threshold", "rate_limit_rpm")
    sent = {name: value for name, value in access.items() if name not in short}
    if budget := {name: access[name] for name in short[:2] if name in access}:
        sent["usage_limits"] = [budget]
    if "rate_limit_rpm" in access:
        sent["rate_limits"] = _requests_a_minute(access["rate_limit_rpm"])
    return sent


class UpdateWorkspaces(OneIntegration):
    workspaces: Annotated[list[WorkspaceAccess] | None, _OBJECTS, Encode(_with_limits)] = optional(
        f"{{id, enabled, usage_limits: {_LIMITS}, rate_limits: {_RATES}, reset_usage, "
        "create_default_provider, default_provider_slug} each."
    )
    global_workspace_access: Annotated[GlobalAccess, WithJsonSchema({"type": "object"})] | None = optional(
        "All others: {enabled, usage_limits, rate_limits}."
    )
    override_existing_workspace_access: bool | None = optional("Forget their own.")
    create_default_provider: bool | None = optional("Add providers (default).")
    default_provider_slug: Annotated[str | None, Unlisted()] = optional("Their slug.")
    global_workspace_access_enabled: Annotated[
        bool | None, At("global_workspace_access.enabled"), Unlisted()
    ] = optional("Access for all others.")
    global_credit_limit: Annotated[
        float | None, At("global_workspace_access.usage_limits.0.credit_limit"), Unlisted()
    ] = optional("Budget of each of them.", gt=0)
    global_alert_threshold: Annotated[
        float | None, At("global_workspace_access.usage_limits.0.alert_threshold"), Unlisted()
    ] = optional("Alert at this amount.", ge=0)
    global_rate_limit_rpm: Annotated[
        int | None, At("global_workspace_access.rate_limits"), Encode(_requests_a_minute), Unlisted()
    ] = optional("Requests a minute of each of them.", gt=0)

    @model_validator(mode="after")
    def _limits_come_with_access(self) -> UpdateWorkspaces:
        limits = {name for name in GLOBAL_LIMITS if name in self.model_fields_set}
        if limits and self.global_workspace_access_enabled is None:
            raise ValueError(f"{', '.join(sorted(limits))} also need global_workspace_access_enabled")
        return self


GLOBAL_LIMITS = ("global_credit_limit", "global_alert_threshold", "global_rate_limit_rpm")

_ONCE = NotTogether("configurations", FLAT_CONFIGURATIONS)

TOOLS = (
    Tool(
        name="get_model_pricing",
        domain=DOMAIN,
        summary="Show a model's list price (cost) in US cents a token.",
        risk=Risk.READ,
        inputs=OneModelPrice,
        call=Endpoint("GET", "/model-configs/pricing/{provider}/{model}", base="public"),
    ),
    Tool(
        name="list_integrations",
        domain=DOMAIN,
        summary="List integrations: accounts at AI providers (OpenAI, Azure, Bedrock...).",
        risk=Risk.READ,
        scopes=("organisation_integrations.list",),
        inputs=ListIntegrations,
        call=Endpoint("GET", "/integrations"),
    ),
    Tool(
        name="create_integration",
        domain=DOMAIN,
        summary="Connect an AI provider account by provider key or cloud credentials.",
        detail="With workspace_id it makes that one's provider too; else update_integration_workspaces does.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("organisation_integrations.create",),
        inputs=CreateIntegration,
        rules=(
            NotTogether(
                "configurations",
                (*FLAT_CONFIGURATIONS, "aws_auth_type", "azure_auth_mode", "vertex_auth_type"),
            ),
        ),
        call=Endpoint("POST", "/integrations"),
        lookup="list_integrations",
        form="get_integration",
    ),
    Tool(
        name="get_integration",
        domain=DOMAIN,
        summary="Show one integration: settings, access, price factors; secrets hidden.",
        risk=Risk.READ,
        enterprise=True,
        scopes=("organisation_integrations.read",),
        inputs=OneIntegration,
        call=Endpoint("GET", "/integrations/{slug}", json_text=("configurations",)),
        lookup="list_integrations",
    ),
    Tool(
        name="update_integration",
        domain=DOMAIN,
        summary="Change an integration: name, provider key, settings, secrets.",
        detail="All workspaces use a new key at once.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_integrations.update",),
        inputs=UpdateIntegration,
        rules=(SomethingToChange(), _ONCE),
        call=Endpoint("PUT", "/integrations/{slug}"),
        lookup="list_integrations",
        form="get_integration",
    ),
    Tool(
        name="delete_integration",
        domain=DOMAIN,
        summary="Delete an integration; its providers stop working.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_integrations.delete",),
        inputs=OneIntegration,
        call=Endpoint("DELETE", "/integrations/{slug}"),
        lookup="list_integrations",
    ),
    Tool(
        name="list_integration_models",
        domain=DOMAIN,
        summary="List an integration's models, custom ones too.",
        risk=Risk.READ,
        enterprise=True,
        scopes=("organisation_integrations.read",),
        inputs=OneIntegrationPaged,
        call=Endpoint("GET", "/integrations/{slug}/models"),
        lookup="list_integrations",
    ),
    Tool(
        name="update_integration_models",
        domain=DOMAIN,
        summary="Enable or disable an integration's models, add custom models, set prices.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_integrations.update",),
        inputs=UpdateModels,
        call=Endpoint("PUT", "/integrations/{slug}/models"),
        lookup="list_integrations",
        form="list_integration_models",
    ),
    Tool(
        name="delete_integration_model",
        domain=DOMAIN,
        summary="Delete custom models of an integration.",
        detail="To disable others: update_integration_models.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("organisation_integrations.update",),
        inputs=DeleteModels,
        # The model stood in the path once; the API description and the newer peer have it in the query.
        call=Endpoint("DELETE", "/integrations/{slug}/models"),
        lookup=("list_integrations", "list_integration_models"),
    ),
    Tool(
        name="list_integration_workspaces",
        domain=DOMAIN,
        summary="List an integration's workspaces with budgets and throttles.",
        risk=Risk.READ,
        enterprise=True,
        scopes=("organisation_integrations.read",),
        inputs=OneIntegrationPaged,
        call=Endpoint("GET", "/integrations/{slug}/workspaces"),
        lookup="list_integrations",
    ),
    Tool(
        name="update_integration_workspaces",
        domain=DOMAIN,
        summary="Give workspaces access to an integration or end it; set budgets, throttles.",
        detail="New access makes a provider too, unless create_default_provider is false. "
        "Those not named stay, unless overridden.",
        risk=Risk.DESTRUCTIVE,
        # Repeating it would reset what was used in between.
        idempotent=False,
        scopes=("organisation_integrations.update",),
        inputs=UpdateWorkspaces,
        rules=(
            SomethingToChange(),
            NotTogether("global_workspace_access", ("global_workspace_access_enabled", *GLOBAL_LIMITS)),
        ),
        call=Endpoint("PUT", "/integrations/{slug}/workspaces"),
        lookup="list_integrations",
        form="list_integration_workspaces",
    ),
)
