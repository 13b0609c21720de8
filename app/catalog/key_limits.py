"""Budgets and throttles as the tools of API keys, virtual keys and providers take them.

Listed as Portkey has them; the flat spellings that other clients of the API use are taken too.

Portkey describes one rate limit without a list around it in the requests of virtual keys and providers, and a
list everywhere else. Its recorded answers have lists, so a list is sent.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import WithJsonSchema, model_validator

from app.catalog.inputs import (
    At,
    Clearable,
    Encode,
    Implies,
    Inputs,
    Part,
    Time,
    Unlisted,
    optional,
    required,
)
from app.catalog.json_value import JsonValue
from app.catalog.rules import NotTogether

OBJECT = WithJsonSchema({"type": "object"})
"""An object whose members the description of the argument names: a schema of each would be longer."""

OBJECTS = WithJsonSchema({"type": "array", "items": {"type": "object"}})
"""A list of such objects."""


def as_requests_a_minute(value: JsonValue) -> JsonValue:
    """Return the rate limits that a number of requests a minute means."""
    return [{"type": "requests", "unit": "rpm", "value": value}]


class UsageLimit(Part):
    """A budget. What is not given is not sent: a new limit leaves type and reset as they are."""

    credit_limit: float | None = optional("Dollars or tokens.", gt=0)
    type: Literal["cost", "tokens"] | None = optional("What it counts.")
    alert_threshold: float | None = optional("Alert at this absolute amount.", ge=0)
    periodic_reset: Annotated[Literal["monthly", "weekly"] | None, Clearable()] = optional("Start anew.")
    periodic_reset_days: Annotated[int | None, Clearable()] = optional("Or every so many days.", ge=1, le=365)
    next_usage_reset_at: Annotated[Time | None, Clearable()] = optional("Next reset.")

    @model_validator(mode="after")
    def _one_reset(self) -> UsageLimit:
        if self.periodic_reset and self.periodic_reset_days:
            raise ValueError("takes periodic_reset or periodic_reset_days, not both")
        return self


BudgetObject = Annotated[UsageLimit | None, OBJECT]


class Budget(Inputs):
    """A budget, as an object or flat."""

    usage_limits: BudgetObject = optional(
        "Budget: {credit_limit (dollars or tokens), type: cost|tokens, alert_threshold (amount), "
        "periodic_reset: monthly|weekly or periodic_reset_days, next_usage_reset_at}."
    )
    credit_limit: Annotated[float | None, At("usage_limits.credit_limit"), Unlisted()] = optional(
        "Budget, in dollars or tokens.", gt=0
    )
    alert_threshold: Annotated[float | None, At("usage_limits.alert_threshold"), Unlisted()] = optional(
        "Alert at this absolute amount.", ge=0
    )


class FlatBudget(Budget):
    """A budget whose type and reset may be given flat too."""

    usage_limit_type: Annotated[Literal["cost", "tokens"] | None, At("usage_limits.type"), Unlisted()] = (
        optional("What the budget counts.")
    )
    periodic_reset: Annotated[
        Literal["monthly", "weekly"] | None, At("usage_limits.periodic_reset"), Unlisted()
    ] = optional("When the budget starts anew.")


class RateLimit(Part):
    """One throttle of a virtual key or provider."""

    type: Literal["requests", "tokens"] = required("What it counts.")
    unit: Literal["rpm", "rph", "rpd"] = required("A minute, hour or day.")
    value: int = required("How many.", ge=0)


RateObjects = Annotated[list[RateLimit] | None, OBJECTS]


class Throttles(Inputs):
    """The throttles of a virtual key or provider."""

    rate_limits: RateObjects = optional("Throttles: {type: requests|tokens, unit: rpm|rph|rpd, value} each.")


class RequestsAMinute(Inputs):
    """A throttle given as a number."""

    rate_limit_rpm: Annotated[float | None, At("rate_limits"), Encode(as_requests_a_minute), Unlisted()] = (
        optional("Requests a minute.", gt=0)
    )


class OneThrottle(Throttles):
    """The throttles of a provider, of which one may be given flat."""

    rate_limit_value: Annotated[
        float | None, At("rate_limits.0.value"), Implies("rate_limit_type", "requests"), Unlisted()
    ] = optional("How many.", gt=0)
    rate_limit_unit: Annotated[Literal["rpm", "rph", "rpd"] | None, At("rate_limits.0.unit"), Unlisted()] = (
        optional("A minute, hour or day.")
    )
    rate_limit_type: Annotated[Literal["requests", "tokens"] | None, At("rate_limits.0.type"), Unlisted()] = (
        optional("What is counted; requests if left out.")
    )

    @model_validator(mode="after")
    def _whole(self) -> OneThrottle:
        given = [part is not None for part in (self.rate_limit_value, self.rate_limit_unit)]
        if any(given) != all(given) or (self.rate_limit_type and not any(given)):
            raise ValueError("rate_limit_value and rate_limit_unit go together")
        return self


_FLAT_BUDGET = ("credit_limit", "alert_threshold")
ONE_BUDGET = NotTogether("usage_limits", _FLAT_BUDGET)
ONE_FLAT_BUDGET = NotTogether("usage_limits", (*_FLAT_BUDGET, "usage_limit_type", "periodic_reset"))
ONE_RATE = NotTogether("rate_limits", ("rate_limit_rpm",))
ONE_FLAT_RATE = NotTogether("rate_limits", ("rate_limit_value", "rate_limit_unit", "rate_limit_type"))
