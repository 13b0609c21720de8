"""The tasks of the walkthrough, in the order in which they are done, all on one sandbox."""

from __future__ import annotations

from typing import Final

from tests.walkthrough.task import Call, Json, Task

_LAST_WEEK: Final[dict[str, Json]] = {
    "time_of_generation_min": "2026-03-09",
    "time_of_generation_max": "2026-03-16",
}

_ONBOARD: Final = Task(
    "Onboard a team",
    "Set up the Search team. Priya Raman manages it. $300 a month with an alert at $240, and 60 requests "
    "a minute. They use our OpenAI production account, and their service needs a key.",
    (
        Call(
            "list_all_users",
            {"fields": "data.id,data.first_name,data.last_name"},
            keep={"priya": "data[first_name=Priya].id"},
        ),
        Call(
            "create_workspace",
            {
                "name": "Search",
                "usage_limits": [
                    {"type": "cost", "credit_limit": 300, "alert_threshold": 240, "periodic_reset": "monthly"}
                ],
                "rate_limits": [{"type": "requests", "unit": "rpm", "value": 60}],
            },
            keep={"search": "slug"},
            show=("id", "slug", "usage_limits", "rate_limits", "status"),
        ),
        Call("add_workspace_member", {"workspace_id": "{search}", "user_id": "{priya}", "role": "manager"}),
        Call(
            "list_integrations",
            {"fields": "data.slug,data.name"},
            keep={"openai": "data[name=OpenAI production].slug"},
        ),
        Call(
            "create_provider",
            {"name": "OpenAI", "integration_id": "{openai}", "workspace_id": "{search}"},
            keep={"provider": "slug"},
        ),
        Call(
            "create_api_key",
            {
                "type": "workspace",
                "sub_type": "service",
                "name": "Search service",
                "scopes": ["completions.write"],
                "workspace_id": "{search}",
            },
        ),
        Call(
            "get_workspace",
            {"workspace_id": "{search}", "fields": "name,usage_limits,rate_limits,users.email,users.role"},
            why="Look at the result before reporting it.",
        ),
    ),
    "The workspace Search (`{search}`) is ready: Priya manages it, it may spend $300 a month with an "
    "alert at $240, and make 60 requests a minute. Its provider is `{provider}`. This is its service's "
    "key; store it now, it cannot be shown again: `<secret>`.",
)

_MOST_EXPENSIVE: Final = Task(
    "Find last week's most expensive model",
    "Which model cost us most last week, and who used it?",
    (
        Call(
            "list_workspaces",
            {"fields": "data.slug"},
            keep={
                "production": "data[slug=ws-production].slug",
                "staging": "data[slug=ws-staging].slug",
                "support": "data[slug=ws-customer-support].slug",
            },
            why="An analytics call is about one workspace: the one it names, else the default one.",
        ),
        Call(
            "get_analytics_group_models",
            {
                **_LAST_WEEK,
                "filters": {"workspace_slug": "{production}"},
                "fields": "data.ai_model,data.cost",
            },
            keep={"in_production": "data[ai_model=gpt-4o].cost|dollars"},
            why="Costs are in cents.",
        ),
        Call(
            "get_analytics_group_models",
            {**_LAST_WEEK, "filters": {"workspace_slug": "{support}"}, "fields": "data.ai_model,data.cost"},
            keep={"in_support": "data[ai_model=gpt-4o].cost|dollars"},
        ),
        Call(
            "get_analytics_group_models",
            {**_LAST_WEEK, "filters": {"workspace_slug": "{staging}"}, "fields": "data.ai_model,data.cost"},
            keep={"second": "data[ai_model=gpt-4o-mini].cost|dollars"},
        ),
        Call(
            "get_analytics_group_metadata",
            {
                **_LAST_WEEK,
                "metadata_key": "team",
                "filters": {"workspace_slug": "{production}", "ai_org_model": ["openai__gpt-4o"]},
                "fields": "data.metadata_value,data.requests,data.cost",
            },
            keep={"risk": "data[metadata_value=risk].cost|dollars"},
            why="Who used it, where it cost most.",
        ),
    ),
    "gpt-4o, by far: {in_production} in Production and {in_support} in Customer Support. More than half "
    "of the former is the risk team's ({risk}), with fewer requests than the checkout team. Staging used "
    "gpt-4o-mini only, for {second}.",
)

_ROLL_BACK: Final = Task(
    "Roll a prompt back",
    "The summaries of ticket-summary got worse. Go back to version 1.",
    (
        Call(
            "get_prompt",
            {"prompt_id": "ticket-summary", "fields": "name,prompt_version"},
            fails=True,
            why="The admin's name for it is no slug, and the error says how to go on.",
        ),
        Call(
            "list_prompts",
            {"search": "ticket", "fields": "data.name,data.slug"},
            keep={"prompt": "data[name=Ticket summary].slug"},
        ),
        Call(
            "get_prompt",
            {
                "prompt_id": "{prompt}",
                "fields": "prompt_version,prompt_version_labels,versions.id,versions.prompt_version",
            },
            keep={
                "before": "prompt_version",
                "label": "prompt_version_labels[name=production].id",
                "first": "versions[prompt_version=1].id",
            },
        ),
        Call("publish_prompt", {"prompt_id": "{prompt}", "version": 1}),
        Call(
            "update_prompt_version",
            {"prompt_id": "{prompt}", "version_id": "{first}", "label_id": "{label}"},
            why="Whoever calls the prompt by its label would still get the version before.",
        ),
        Call(
            "get_prompt",
            {"prompt_id": "{prompt}", "fields": "prompt_version,prompt_version_label_name,string"},
            keep={"now": "prompt_version", "template": "string"},
        ),
    ),
    "`{prompt}` is back at version {now}, `{template}`; the label production moved with it. Version "
    "{before} is kept: one call publishes it again.",
)

_LEAKED: Final = Task(
    "Rotate a leaked key",
    "The key of our checkout service was in a public repository. Replace it.",
    (
        Call(
            "list_api_keys",
            {"fields": "data.id,data.name,data.key"},
            keep={
                "checkout_key": "data[name=Checkout service].id",
                "old": "data[name=Checkout service].key",
            },
        ),
        Call(
            "rotate_api_key",
            {"id": "{checkout_key}", "key_transition_period_ms": 1_800_000},
            keep={"until": "key_transition_expires_at"},
            why="The shortest time that Portkey lets the old secret live on: half an hour.",
        ),
        Call(
            "get_api_key",
            {"id": "{checkout_key}", "fields": "name,key,status,last_updated_at"},
            keep={"new": "key"},
        ),
    ),
    "Checkout service has a new secret (now masked as `{new}`, before `{old}`): `<secret>`. Put it in "
    "place now; the leaked one works until {until}. If that is too long, I can delete the key at once, "
    "but then the shop stands still until it has another one. Shall I?",
)

_CAP: Final = Task(
    "Cap a budget",
    "The risk team may spend $150 a month in Production. Tell us at $120.",
    (
        Call(
            "list_usage_limits",
            {"workspace_id": "{production}", "fields": "data.name,data.type,data.credit_limit,data.group_by"},
            why="Is there one already? Only one for each API key.",
        ),
        Call(
            "create_usage_limit",
            {
                "name": "Risk team",
                "type": "cost",
                "credit_limit": 150,
                "alert_threshold": 120,
                "periodic_reset": "monthly",
                "conditions": [{"key": "metadata.team", "value": "risk"}],
                "group_by": [{"key": "metadata.team"}],
                "workspace_id": "{production}",
            },
            keep={"limit": "id"},
        ),
        Call(
            "list_usage_limit_entities",
            {"limit_id": "{limit}", "fields": "data.value_key,data.current_usage"},
            keep={"spent": "data[value_key=metadata.team:risk].current_usage"},
        ),
    ),
    "Done: $150 a month for requests with the metadata team=risk, an alert at $120, and beyond $150 they "
    "are refused. The team has spent ${spent} this month already, so expect the alert soon. The other "
    "budget of Production, for each API key, holds as before.",
)

_BLOCK: Final = Task(
    "Block a tool of an MCP server",
    "Our coding agents must not open pull requests through GitHub any more.",
    (
        Call(
            "list_mcp_servers",
            {"search": "github", "fields": "data.slug,data.name,data.workspace_slug"},
            keep={"server": "data[name=GitHub].slug"},
        ),
        Call(
            "list_mcp_server_capabilities",
            {"id": "{server}", "type": "tool", "fields": "data.name,data.enabled,data.integration_enabled"},
            keep={"tool": "data[name=create_pull_request].name"},
        ),
        Call(
            "update_mcp_server_capabilities",
            {"id": "{server}", "capabilities": [{"name": "{tool}", "type": "tool", "enabled": False}]},
        ),
        Call(
            "list_mcp_server_capabilities",
            {"id": "{server}", "type": "tool", "fields": "data.name,data.enabled"},
        ),
    ),
    "`{tool}` is blocked on the MCP server `{server}` of Production; its other tools are as they were. "
    "Other workspaces with a GitHub server of their own are not touched: to block it for everyone, I "
    "would change the integration.",
)

TASKS: Final = (_ONBOARD, _MOST_EXPENSIVE, _ROLL_BACK, _LEAKED, _CAP, _BLOCK)
