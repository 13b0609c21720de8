"""Providers: an integration as one workspace may use it, with limits of its own.

Portkey's newer name of virtual keys; the tools of the domain `keys` see the same records.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from app.catalog.inputs import (
    Clearable,
    Identifier,
    Inputs,
    InQuery,
    Paged,
    Time,
    Unlisted,
    optional,
    required,
)
from app.catalog.key_limits import (
    ONE_FLAT_BUDGET,
    ONE_FLAT_RATE,
    BudgetObject,
    FlatBudget,
    OneThrottle,
    RateObjects,
)
from app.catalog.tool import Endpoint, Risk, Tool

DOMAIN = "providers"

_WORKSPACE = "Needed by organisation keys."


class Limits(FlatBudget, OneThrottle):
    pass


class ListProviders(Paged):
    workspace_id: str | None = optional(_WORKSPACE)


class CreateProvider(Limits):
    name: str = required("Name.")
    integration_id: str = required("Slug.")
    workspace_id: str | None = optional(_WORKSPACE)
    slug: Annotated[str | None, Unlisted()] = optional("Else made from name.")
    note: Annotated[str | None, Unlisted()] = optional("Purpose.")
    expires_at: Time | None = optional("Such as +90d.")


class OneProvider(Inputs):
    slug: Identifier = required("Slug.")
    workspace_id: Annotated[str | None, InQuery("workspace_id")] = optional(_WORKSPACE)


class UpdateProvider(Limits, OneProvider):
    name: str | None = optional("Name.")
    usage_limits: BudgetObject = optional("As in create_provider.")
    rate_limits: RateObjects = optional("As in create_provider.")
    note: Annotated[str | None, Unlisted()] = optional("Purpose.")
    expires_at: Annotated[Time | None, Clearable()] = optional("null: never.")
    reset_usage: bool | None = optional("Count usage anew.")


_ONE_SPELLING = (ONE_FLAT_BUDGET, ONE_FLAT_RATE)
_CHANGES = UpdateProvider.model_fields.keys() - OneProvider.model_fields.keys()


@dataclass(frozen=True, slots=True)
class _SomethingToChange:
    """An update names something to change; the workspace only says where."""

    def problem(self, given: Collection[str], tool: Tool) -> str | None:  # noqa: ARG002 - the protocol's form
        """See `Rule`."""
        if not _CHANGES.isdisjoint(given):
            return None
        return "nothing to change: give a name, note, usage_limits, rate_limits, expires_at or reset_usage"


TOOLS = (
    Tool(
        name="list_providers",
        domain=DOMAIN,
        summary="List a workspace's AI providers (provider keys): slugs, budgets, throttles.",
        risk=Risk.READ,
        scopes=("providers.list",),
        inputs=ListProviders,
        call=Endpoint("GET", "/providers"),
    ),
    Tool(
        name="create_provider",
        domain=DOMAIN,
        summary="Give a workspace an integration as a provider, with budget and throttles.",
        detail="Look at list_providers first: giving access (update_integration_workspaces) makes one.",
        risk=Risk.WRITE,
        idempotent=False,
        scopes=("providers.create",),
        inputs=CreateProvider,
        rules=_ONE_SPELLING,
        call=Endpoint("POST", "/providers"),
        lookup="list_providers",
        form="get_provider",
    ),
    Tool(
        name="get_provider",
        domain=DOMAIN,
        summary="Show one provider: integration, budget, throttles.",
        risk=Risk.READ,
        scopes=("providers.read",),
        inputs=OneProvider,
        call=Endpoint("GET", "/providers/{slug}"),
        lookup="list_providers",
    ),
    Tool(
        name="update_provider",
        domain=DOMAIN,
        summary="Change a provider: name, budget, throttles, expiry.",
        detail="A list replaces the whole list.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("providers.update",),
        inputs=UpdateProvider,
        rules=(_SomethingToChange(), *_ONE_SPELLING),
        call=Endpoint("PUT", "/providers/{slug}"),
        lookup="list_providers",
        form="get_provider",
    ),
    Tool(
        name="delete_provider",
        domain=DOMAIN,
        summary="Delete a provider; prompts and configs that use it stop working.",
        risk=Risk.DESTRUCTIVE,
        idempotent=True,
        scopes=("providers.delete",),
        inputs=OneProvider,
        call=Endpoint("DELETE", "/providers/{slug}"),
        lookup="list_providers",
    ),
)
