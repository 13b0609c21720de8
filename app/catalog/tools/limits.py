"""Limits: policies that cap what requests cost (usage limits) or how many there are (rate limits).

Both say to which requests they apply (`conditions`, all of which must hold) and what is counted apart
(`group_by`). Amounts are absolute: dollars, tokens or requests.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from app.catalog.inputs import (
    Clearable,
    Folded,
    Identifier,
    Inputs,
    Paged,
    Part,
    Time,
    Unlisted,
    optional,
    required,
)
from app.catalog.json_value import JsonValue
from app.catalog.rules import SomethingToChange
from app.catalog.tool import Endpoint, Risk, Tool

DOMAIN = "limits"

RATE_LIMITS = "/policies/rate-limits"
USAGE_LIMITS = "/policies/usage-limits"

Status = Literal["active", "archived"]
UsageType = Literal["cost", "tokens"]
RateType = Literal["requests", "tokens"]
Unit = Literal["rpm", "rph", "rpd", "rpw"]
Target = Literal["llm", "mcp_tools"]

MAX_NAME = 255


def _one_or_many(value: JsonValue) -> JsonValue:
    many = value if isinstance(value, list) else [value]
    if not many or not all(isinstance(item, str) for item in many):
        raise ValueError("must be a text or a list of texts")
    return value


OneOrMany = Annotated[str | list[str], BeforeValidator(_one_or_many)]


class Condition(Part):
    # The API description knows text only, and no `excludes`. Portkey's guide to policies and the TypeScript
    # server have lists and `excludes` too, so they are taken.
    key: str = Field(min_length=1)
    value: OneOrMany
    excludes: OneOrMany | None = None


class Group(Part):
    key: str = Field(min_length=1)


Conditions = Annotated[list[Condition], Field(min_length=1)]
Groups = Annotated[list[Group], Field(min_length=1)]

_CONDITIONS = (
    "Which requests: {key: api_key, workspace_id or metadata.x, value: text, list or *, excludes?} each; "
    "all must hold."
)
_GROUP_BY = "Counted apart: {key} each, such as {key: api_key}."


class ListPolicies(Paged):
    workspace_id: str | None = optional("Id or slug.")
    status: Annotated[Status | None, Unlisted()] = optional("Default active.")


class OnePolicy(Inputs):
    id: Identifier = required("Id.")


class CreatePolicy(Inputs):
    conditions: Annotated[Conditions, Folded()] = required(_CONDITIONS)
    group_by: Annotated[Groups, Folded()] = required(_GROUP_BY)
    name: str | None = optional("Name.", max_length=MAX_NAME)
    workspace_id: str | None = optional("Needed by organisation keys.")
    # Needed without an API key only, and there is always one.
    organisation_id: Annotated[str | None, Unlisted()] = optional("Organisation; default the key's.")


class ListRateLimits(ListPolicies):
    type: Annotated[RateType | None, Unlisted()] = optional("Type.")
    unit: Annotated[Unit | None, Unlisted()] = optional("Unit.")
    # Not in the API description, but in the TypeScript server.
    target: Annotated[Target | None, Unlisted()] = optional("Target.")


class GetPolicy(OnePolicy):
    status: Annotated[Status | None, Unlisted()] = optional("Default active.")


class CreateRateLimit(CreatePolicy):
    conditions: Annotated[Conditions, Folded()] = required("As in create_usage_limit.")
    group_by: Annotated[Groups, Folded()] = required("As in create_usage_limit.")
    type: RateType = required("What counts.")
    # `rpw` and `target` are in the TypeScript server only.
    unit: Unit = required("Per minute, hour...")
    value: float = required("How many.", ge=0)
    target: Annotated[Target | None, Unlisted()] = optional("Default llm.")


class UpdateRateLimit(OnePolicy):
    name: Annotated[str | None, Unlisted()] = optional("Name.", max_length=MAX_NAME)
    unit: Unit | None = optional("Per minute, hour...")
    value: float | None = optional("How many.", ge=0)
    # Not in the API description, but in the TypeScript server.
    conditions: Annotated[Conditions | None, Folded()] = optional("As in create_usage_limit.")


class ListUsageLimits(ListPolicies):
    type: Annotated[UsageType | None, Unlisted()] = optional("Type.")


class GetUsageLimit(GetPolicy):
    include_usage: bool | None = optional("With use by group.")


class CreateUsageLimit(CreatePolicy):
    type: UsageType = required("What counts.")
    credit_limit: float = required("Dollars or tokens.", ge=0)
    alert_threshold: float | None = optional("Absolute amount, no percentage.", ge=0)
    periodic_reset: Literal["monthly", "weekly"] | None = optional("Else never.")


class UpdateUsageLimit(OnePolicy):
    name: Annotated[str | None, Unlisted()] = optional("Name.", max_length=MAX_NAME)
    credit_limit: float | None = optional("Dollars or tokens.", ge=0)
    alert_threshold: Annotated[float | None, Clearable()] = optional("Absolute amount; null: never.", ge=0)
    periodic_reset: Annotated[Literal["monthly", "weekly"] | None, Clearable()] = optional("null: never.")
    # The next four are in the TypeScript server only; the API description has the two times in answers.
    description: Annotated[str | None, Clearable(), Unlisted()] = optional("Purpose.", max_length=500)
    conditions: Annotated[Conditions | None, Folded()] = optional("As in create_usage_limit.")
    periodic_reset_days: Annotated[int | None, Clearable()] = optional("Or every so many days.", ge=1, le=365)
    next_usage_reset_at: Annotated[Time | None, Clearable(), Unlisted()] = optional(
        "Next reset, such as +1w."
    )
    reset_usage_for_value: Annotated[str | None, Unlisted()] = optional(
        "Set this group's usage to 0, such as an API key id."
    )

    @model_validator(mode="after")
    def _one_period(self) -> UpdateUsageLimit:
        # A null beside the other one is how a limit changes from one to the other.
        if self.periodic_reset is not None and self.periodic_reset_days is not None:
            raise ValueError("give either periodic_reset or periodic_reset_days, not both")
        return self


class ListEntities(Paged):
    limit_id: Identifier = required("Id.")
    status: Annotated[Literal["active", "exhausted"] | None, Unlisted()] = optional("Status.")
    search: str | None = optional("In the value key.")


class OneEntity(Inputs):
    limit_id: Identifier = required("Id.")
    entity_id: Identifier = required("Id.")


TOOLS = (
    Tool(
        name="list_rate_limits",
        domain=DOMAIN,
        summary="List rate limits (throttles) on requests or tokens.",
        risk=Risk.READ,
        scopes=("policies.list",),
        inputs=ListRateLimits,
        call=Endpoint("GET", RATE_LIMITS),
    ),
    Tool(
        name="get_rate_limit",
        domain=DOMAIN,
        summary="Show one rate limit (throttle).",
        risk=Risk.READ,
        scopes=("policies.read",),
        inputs=GetPolicy,
        call=Endpoint("GET", RATE_LIMITS + "/{id}"),
        lookup="list_rate_limits",
    ),
    Tool(
        name="create_rate_limit",
        domain=DOMAIN,
        summary="Throttle requests or tokens (rate limit) by API key, user or team.",
        detail="Budgets: create_usage_limit.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("policies.create",),
        inputs=CreateRateLimit,
        call=Endpoint("POST", RATE_LIMITS),
        lookup="list_rate_limits",
        form="get_rate_limit",
    ),
    Tool(
        name="update_rate_limit",
        domain=DOMAIN,
        summary="Change a rate limit (throttle).",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("policies.update",),
        inputs=UpdateRateLimit,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", RATE_LIMITS + "/{id}"),
        lookup="list_rate_limits",
        form="get_rate_limit",
    ),
    Tool(
        name="delete_rate_limit",
        domain=DOMAIN,
        summary="Delete a rate limit (throttle).",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("policies.delete",),
        inputs=OnePolicy,
        call=Endpoint("DELETE", RATE_LIMITS + "/{id}"),
        lookup="list_rate_limits",
    ),
    Tool(
        name="list_usage_limits",
        domain=DOMAIN,
        summary="List usage limits: budgets (spend caps), token quotas.",
        risk=Risk.READ,
        scopes=("policies.list",),
        inputs=ListUsageLimits,
        call=Endpoint("GET", USAGE_LIMITS),
    ),
    Tool(
        name="get_usage_limit",
        domain=DOMAIN,
        summary="Show one usage limit (budget, spend cap).",
        risk=Risk.READ,
        scopes=("policies.read",),
        inputs=GetUsageLimit,
        call=Endpoint("GET", USAGE_LIMITS + "/{id}"),
        lookup="list_usage_limits",
    ),
    Tool(
        name="create_usage_limit",
        domain=DOMAIN,
        summary="Set a budget (spend cap, usage limit) by API key, user or team.",
        detail="Requests beyond it are refused. To throttle: create_rate_limit.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("policies.create",),
        inputs=CreateUsageLimit,
        call=Endpoint("POST", USAGE_LIMITS),
        lookup="list_usage_limits",
        form="get_usage_limit",
    ),
    Tool(
        name="update_usage_limit",
        domain=DOMAIN,
        summary="Change a budget (usage limit, spend cap): raise, lower, reset period.",
        risk=Risk.DESTRUCTIVE,
        # What was used since the first call is lost when `reset_usage_for_value` is repeated.
        idempotent=False,
        scopes=("policies.update",),
        inputs=UpdateUsageLimit,
        rules=(SomethingToChange(),),
        call=Endpoint("PUT", USAGE_LIMITS + "/{id}"),
        lookup="list_usage_limits",
        form="get_usage_limit",
    ),
    Tool(
        name="delete_usage_limit",
        domain=DOMAIN,
        summary="Archive a budget (usage limit, spend cap): it ends.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("policies.delete",),
        inputs=OnePolicy,
        call=Endpoint("DELETE", USAGE_LIMITS + "/{id}"),
        lookup="list_usage_limits",
    ),
    Tool(
        name="list_usage_limit_entities",
        domain=DOMAIN,
        summary="List who spent how much of a budget (dollars or tokens): by API key, user or team.",
        risk=Risk.READ,
        scopes=("policies.read",),
        inputs=ListEntities,
        call=Endpoint("GET", USAGE_LIMITS + "/{limit_id}/entities"),
        lookup="list_usage_limits",
    ),
    Tool(
        name="reset_usage_limit_entity",
        domain=DOMAIN,
        summary="Reset what one API key, user or team spent of a budget to 0.",
        risk=Risk.DESTRUCTIVE,
        # A repetition also loses what was used since the first call.
        idempotent=False,
        scopes=("policies.update",),
        inputs=OneEntity,
        # Portkey's older form, POST .../entities/reset with a body, is gone from its API description.
        call=Endpoint("PUT", USAGE_LIMITS + "/{limit_id}/entities/{entity_id}/reset"),
        lookup=("list_usage_limits", "list_usage_limit_entities"),
    ),
)
