"""Configs: named routing rules of the gateway (fallback, load balancing, caching, retries, guardrails).

Portkey stores the config object as JSON text and answers with that text; it is decoded here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, WithJsonSchema, model_validator

from app.catalog.inputs import (
    At,
    Encode,
    Folded,
    FreeObject,
    Identifier,
    Inputs,
    OpenPart,
    Paged,
    Unlisted,
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
    slug: Identifier = required("Slug.")


class ConfigBody(Inputs):
    strategy_mode: Annotated[
        Literal["loadbalance", "fallback"] | None, At("config.strategy.mode"), Unlisted()
    ] = optional("How targets are chosen.")
    targets: Annotated[list[ShortTarget] | None, At("config.targets"), Unlisted()] = optional(
        "{provider or virtual_key, weight} each."
    )
    cache_mode: Annotated[CacheMode | None, At("config.cache.mode"), Unlisted()] = optional(
        "By text or meaning."
    )
    cache_max_age: Annotated[float | None, At("config.cache.max_age"), Unlisted()] = optional(
        "Seconds.", gt=0
    )
    retry_attempts: Annotated[int | None, At("config.retry.attempts"), Unlisted()] = optional(
        "Retries.", ge=1, le=5
    )
    retry_on_status_codes: Annotated[list[int] | None, At("config.retry.on_status_codes"), Unlisted()] = (
        optional("HTTP statuses.")
    )
    config: Annotated[GatewayConfig | None, Folded()] = optional(
        "{strategy: {mode: single|loadbalance|fallback|conditional, conditions: [{query, then}], default}, "
        "targets: [{name, provider or virtual_key, weight, override_params, targets}], cache: {mode: "
        "simple|semantic, max_age (seconds)}, retry: {attempts, on_status_codes}, input_guardrails, "
        "output_guardrails, ...}."
    )


class CreateConfig(ConfigBody):
    name: str = required("Name.")
    workspace_id: str | None = optional("Needed by organisation keys.")
    is_default: Annotated[bool | None, At("isDefault"), Encode(as_flag), Unlisted()] = optional(
        "Make default."
    )


class UpdateConfig(ConfigBody, OneConfig):
    name: str | None = optional("Name.")
    status: Annotated[Literal["active", "inactive"] | None, Unlisted()] = optional("Status.")
    config: Annotated[GatewayConfig | None, Folded()] = optional("All of it, as in create_config.")


_EITHER_WAY = NotTogether("config", SHORT_ARGUMENTS)

TOOLS = (
    Tool(
        name="list_configs",
        domain=DOMAIN,
        summary="List gateway configs (routing, fallback, cache, retry).",
        risk=Risk.READ,
        scopes=("configs.list",),
        inputs=ListConfigs,
        call=Endpoint("GET", "/configs"),
    ),
    Tool(
        name="get_config",
        domain=DOMAIN,
        summary="Show one gateway config in full: routing, cache, retry, guardrails.",
        risk=Risk.READ,
        scopes=("configs.read",),
        inputs=OneConfig,
        call=Endpoint("GET", "/configs/{slug}", json_text=("config", "data.config")),
        lookup="list_configs",
    ),
    Tool(
        name="create_config",
        domain=DOMAIN,
        summary="Create a gateway config: routing (fallback, load balancing), cache, retry, guardrails.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("configs.create",),
        inputs=CreateConfig,
        rules=(AtLeastOneOf(("config", *SHORT_ARGUMENTS)), _EITHER_WAY),
        call=Endpoint("POST", "/configs"),
        lookup="list_configs",
        form="get_config",
    ),
    Tool(
        name="update_config",
        domain=DOMAIN,
        summary="Change a gateway config (routing, name, status) as a new version.",
        detail="Replaces its whole content: get_config first.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("configs.update",),
        inputs=UpdateConfig,
        rules=(SomethingToChange(), _EITHER_WAY),
        call=Endpoint("PUT", "/configs/{slug}"),
        lookup="list_configs",
        form="get_config",
    ),
    Tool(
        name="delete_config",
        domain=DOMAIN,
        summary="Delete a gateway config; requests that name it fail.",
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
        summary="List a gateway config's versions (history).",
        risk=Risk.READ,
        scopes=("configs.read",),
        inputs=OneConfig,
        call=Endpoint("GET", "/configs/{slug}/versions", json_text=("data.*.config",)),
        lookup="list_configs",
    ),
)
