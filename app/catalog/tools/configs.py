"""Configs: named routing rules of the gateway (fallback, load balancing, caching, retries, guardrails).

Portkey stores the config object as JSON text and answers with that text; it is decoded here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, WithJsonSchema, model_validator

from app.catalog.inputs import (
    At,
    Encode,
    FreeObject,
    Identifier,
    Inputs,
    OpenPart,
    Paged,
    optional,
    required,
)
from app.catalog.rules import AtLeastOneOf, NotTogether, SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool
from app.catalog.wire import as_flag

DOMAIN = "configs"

SHORT_ARGUMENTS = (
    "strategy_mode",
    "targets",
    "cache_mode",
    "cache_max_age",
    "retry_attempts",
    "retry_on_status_codes",
)
"""The arguments that fill the most used members of a config. `config` replaces them all."""

CacheMode = Literal["simple", "semantic"]

Guardrails = Annotated[
    list[JsonValue], WithJsonSchema({"type": "array", "items": {"type": "string"}})
]  # A guardrail may also be written out as an object; by far most are named by slug.


class Cache(OpenPart):
    mode: CacheMode | None = None
    max_age: float | None = optional("Seconds.", gt=0)


class Retry(OpenPart):
    attempts: int | None = Field(default=None, ge=0, le=5)
    on_status_codes: list[int] | None = None
    use_retry_after_header: bool | None = None


class Condition(OpenPart):
    query: FreeObject = required('Such as {"metadata.plan": {"$eq": "paid"}}.')
    then: str = required("Name of a target.")


class Strategy(OpenPart):
    mode: Literal["single", "loadbalance", "fallback", "conditional"] | None = None
    on_status_codes: list[int] | None = None
    conditions: list[Condition] | None = None
    default: str | None = optional("Target if no condition holds.")


class Target(OpenPart):
    name: str | None = None
    provider: str | None = optional("Such as openai, or @slug.")
    virtual_key: str | None = None
    weight: float | None = Field(default=None, ge=0)
    override_params: FreeObject | None = optional("Such as model.")
    cache: FreeObject | None = None
    retry: FreeObject | None = None
    request_timeout: int | None = optional("Milliseconds.", ge=1)
    custom_host: str | None = None
    strategy: FreeObject | None = None
    targets: list[Target] | None = None


class GatewayConfig(OpenPart):
    """The members that need explaining; hooks, metadata and what a target takes are passed on as given."""

    strategy: Strategy | None = None
    targets: list[Target] | None = None
    cache: Cache | None = None
    retry: Retry | None = None
    input_guardrails: Guardrails | None = None
    output_guardrails: Guardrails | None = None


class ShortTarget(OpenPart):
    provider: str | None = None
    virtual_key: str | None = None
    weight: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _leads_somewhere(self) -> ShortTarget:
        if not self.provider and not self.virtual_key:
            raise ValueError("needs a provider or a virtual_key")
        return self


class ListConfigs(Paged):
    pass


class OneConfig(Inputs):
    slug: Identifier = required("Config slug (pc-...).")


class ConfigBody(Inputs):
    strategy_mode: Annotated[Literal["loadbalance", "fallback"] | None, At("config.strategy.mode")] = (
        optional("How targets are chosen.")
    )
    targets: Annotated[list[ShortTarget] | None, At("config.targets")] = optional(
        "A provider or virtual_key each."
    )
    cache_mode: Annotated[CacheMode | None, At("config.cache.mode")] = optional("Same text, or same meaning.")
    cache_max_age: Annotated[float | None, At("config.cache.max_age")] = optional("Seconds.", gt=0)
    retry_attempts: Annotated[int | None, At("config.retry.attempts")] = optional("Retries.", ge=1, le=5)
    retry_on_status_codes: Annotated[list[int] | None, At("config.retry.on_status_codes")] = optional(
        "HTTP statuses."
    )
    config: GatewayConfig | None = optional(
        "Whole gateway config instead of the above. Takes every documented member, also unlisted ones."
    )


class CreateConfig(ConfigBody):
    name: str = required("Name.")
    workspace_id: str | None = optional("Workspace; needed with an organisation key.")
    is_default: Annotated[bool | None, At("isDefault"), Encode(as_flag)] = optional("Make it the default.")


class UpdateConfig(ConfigBody, OneConfig):
    name: str | None = optional("New name.")
    status: Literal["active", "inactive"] | None = optional("New status.")


_EITHER_WAY = NotTogether("config", SHORT_ARGUMENTS)

TOOLS = (
    Tool(
        name="list_configs",
        domain=DOMAIN,
        summary="List gateway configs (routing, fallback, load balancing, cache, retry) with their slugs.",
        detail="Start here to find a config slug.",
        risk=Risk.READ,
        scopes=("configs.list",),
        inputs=ListConfigs,
        call=Endpoint("GET", "/configs"),
    ),
    Tool(
        name="get_config",
        domain=DOMAIN,
        summary="Show one gateway config in full: routing strategy, targets, cache, retry and guardrails.",
        risk=Risk.READ,
        scopes=("configs.read",),
        inputs=OneConfig,
        call=Endpoint("GET", "/configs/{slug}", json_text=("config", "data.config")),
        lookup="list_configs",
    ),
    Tool(
        name="create_config",
        domain=DOMAIN,
        summary="Create a gateway config: routing with fallback or load balancing, cache, retry, guardrails.",
        detail="Or give config as a whole: conditional routing, nested targets.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("configs.create",),
        inputs=CreateConfig,
        rules=(AtLeastOneOf(("config", *SHORT_ARGUMENTS)), _EITHER_WAY),
        call=Endpoint("POST", "/configs"),
        lookup="list_configs",
    ),
    Tool(
        name="update_config",
        domain=DOMAIN,
        summary="Change a gateway config's name, status, routing, cache or retry as a new version.",
        detail="What is given replaces the stored config as a whole: read it with get_config first.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("configs.update",),
        inputs=UpdateConfig,
        rules=(SomethingToChange(), _EITHER_WAY),
        call=Endpoint("PUT", "/configs/{slug}"),
        lookup="list_configs",
    ),
    Tool(
        name="delete_config",
        domain=DOMAIN,
        summary="Delete a gateway config for good; requests that name it fail from then on.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("configs.delete",),
        inputs=OneConfig,
        call=Endpoint("DELETE", "/configs/{slug}"),
        lookup="list_configs",
    ),
    Tool(
        name="list_config_versions",
        domain=DOMAIN,
        summary="List every version of a gateway config with its content: who changed what and when.",
        risk=Risk.READ,
        scopes=("configs.read",),
        inputs=OneConfig,
        call=Endpoint("GET", "/configs/{slug}/versions", json_text=("data.*.config",)),
        lookup="list_configs",
    ),
)
