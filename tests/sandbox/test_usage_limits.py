from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from app.sandbox.traffic import milliseconds, stream
from tests.sandbox.client import Api

ALL = "/v1/policies/usage-limits"
BUDGET = f"{ALL}/{seed_id('usage_limit', 'Production budget per key')}"
SUPPORT = f"{ALL}/{seed_id('usage_limit', 'Support tokens per agent')}"
LAUNCH = f"{ALL}/{seed_id('usage_limit', 'Launch week')}"

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEW: dict[str, Any] = {
    "conditions": [{"key": "api_key", "value": "*"}],
    "group_by": [{"key": "workspace_id"}],
    "type": "cost",
    "credit_limit": 10,
}


async def _usage(api: Api, limit: str) -> dict[str, float]:
    listed = (await api.get(f"{limit}/entities")).data["data"]
    return {entity["value_key"]: entity["current_usage"] for entity in listed}


async def _create(api: Api, **settings: Any) -> str:
    created = await api.post(ALL, {**NEW, **settings})
    assert (created.status, created.data["object"]) == (200, "policy_usage_limits")
    return f"{ALL}/{created.data['id']}"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Production budget per key", "Support tokens per agent"]),
        ("?status=archived", ["Launch week"]),
        ("?type=tokens", ["Support tokens per agent"]),
        ("?workspace_id=ws-production", ["Production budget per key"]),
        (f"?workspace_id={workspace_id('ws-staging')}", []),
        ("?page_size=1&current_page=1", ["Support tokens per agent"]),
    ],
)
async def test_list_filters_and_pages(api: Api, query: str, names: list[str]) -> None:
    answer = await api.get(f"{ALL}{query}")
    assert [limit["name"] for limit in answer.data["data"]] == names
    assert answer.data["object"] == "list"


async def test_a_limit_has_the_documented_members(api: Api) -> None:
    limit = (await api.get(BUDGET)).data
    assert limit.keys() == {
        *("id", "object", "name", "description", "conditions", "group_by", "type", "credit_limit"),
        *("alert_threshold", "periodic_reset", "periodic_reset_days", "next_usage_reset_at"),
        *("last_reset_at", "status", "workspace_id", "organisation_id", "created_at", "last_updated_at"),
    }
    assert limit["organisation_id"] == ORGANISATION_ID


async def test_entities_agree_with_the_requests_of_the_period(api: Api) -> None:
    start = milliseconds(datetime(2026, 2, 23, tzinfo=UTC))
    spent: dict[str, int] = {}
    for request in stream(NOW):
        if request.workspace == "ws-customer-support":
            key = f"metadata._user:{request.metadata['_user']}"
            spent[key] = spent.get(key, 0) + (request.total_units if request.at >= start else 0)
    assert await _usage(api, SUPPORT) == spent
    assert sum(spent.values())


async def test_a_limit_without_a_period_counts_everything_in_dollars(api: Api) -> None:
    limit = await _create(api, workspace_id="ws-staging")
    cents = sum(request.cost for request in stream(NOW) if request.workspace == "ws-staging")
    assert await _usage(api, limit) == {f"workspace_id:{workspace_id('ws-staging')}": cents / 100}


async def test_conditions_choose_the_requests(api: Api) -> None:
    chosen = [
        {"key": "workspace_id", "value": "ws-production"},
        {"key": "metadata.team", "value": ["risk", "checkout"], "excludes": "risk"},
        {"key": "model", "value": "*"},
    ]
    groups = [{"key": "metadata.team"}, {"key": "provider"}]
    limit = await _create(api, conditions=chosen, group_by=groups, workspace_id="ws-production")
    keys = await _usage(api, limit)
    assert keys.keys() == {
        "metadata.team:checkout|provider:anthropic",
        "metadata.team:checkout|provider:openai",
    }
    empty = await _create(
        api, conditions=[{"key": "prompt", "value": "*"}], group_by=[{"key": "metadata.nothing"}]
    )
    assert await _usage(api, empty) == {}


async def test_usage_comes_with_the_limit_when_asked(api: Api) -> None:
    limit = await _create(api, workspace_id="ws-production", alert_threshold=5)
    group = f"workspace_id:{workspace_id('ws-production')}"
    usage = (await api.get(f"{limit}?include_usage=true")).data["value_key_usage_map"]
    assert usage.keys() == {group}
    assert usage[group]["current_usage"] > 10
    assert usage[group] | {"current_usage": 0} == {
        "current_usage": 0,
        "status": "exhausted",
        "is_threshold_alerts_sent": True,
        "is_exhausted_alerts_sent": True,
    }
    assert "value_key_usage_map" not in (await api.get(limit)).data


async def test_entities_filter_by_status_and_search(api: Api) -> None:
    limit = await _create(api, workspace_id="ws-production", group_by=[{"key": "metadata._user"}])
    assert (await api.get(f"{limit}/entities?search=PRIYA")).data["total"] == 1
    every = (await api.get(f"{limit}/entities")).data["total"]
    exhausted = (await api.get(f"{limit}/entities?status=exhausted")).data["total"]
    active = (await api.get(f"{limit}/entities?status=active")).data["total"]
    assert exhausted
    assert exhausted + active == every
    assert (await api.get(f"{limit}/entities?status=archived")).status == 400


async def test_a_reset_sets_one_group_to_zero(api: Api) -> None:
    before = await _usage(api, SUPPORT)
    first, *others = (await api.get(f"{SUPPORT}/entities")).data["data"]
    assert first["current_usage"]
    reset = await api.put(f"{SUPPORT}/entities/{first['id']}/reset")
    assert (reset.status, reset.data) == (200, {})
    after = await _usage(api, SUPPORT)
    assert after.pop(first["value_key"]) == 0
    assert after == {other["value_key"]: before[other["value_key"]] for other in others}
    assert (await api.get(SUPPORT)).data["last_reset_at"]
    assert (await api.put(f"{SUPPORT}/entities/nobody/reset")).status == 404


async def test_an_update_can_reset_a_value(api: Api) -> None:
    assert (await _usage(api, SUPPORT))["metadata._user:hana"]
    for value in ("hana", "metadata._user:hana"):
        assert (await api.put(SUPPORT, {"reset_usage_for_value": value})).status == 200
        assert (await _usage(api, SUPPORT))["metadata._user:hana"] == 0
    answer = await api.put(SUPPORT, {"reset_usage_for_value": "nobody"})
    assert (answer.status, "'nobody'" in answer.message) == (400, True)


async def test_an_update_changes_what_it_names(api: Api) -> None:
    before = (await api.get(BUDGET)).data
    assert (await api.put(BUDGET, {"credit_limit": 500, "alert_threshold": None})).data == {}
    after = (await api.get(BUDGET)).data
    changed = {"credit_limit": 500, "alert_threshold": None, "last_updated_at": after["last_updated_at"]}
    assert after == before | changed


async def test_one_kind_of_period_takes_the_place_of_the_other(api: Api) -> None:
    await api.put(BUDGET, {"periodic_reset_days": 10})
    limit = (await api.get(BUDGET)).data
    assert (limit["periodic_reset"], limit["periodic_reset_days"]) == (None, 10)
    await api.put(BUDGET, {"periodic_reset": "weekly"})
    limit = (await api.get(BUDGET)).data
    assert (limit["periodic_reset"], limit["periodic_reset_days"]) == ("weekly", None)


@pytest.mark.parametrize("days", [1, 365])
async def test_a_period_of_days_is_counted(api: Api, days: int) -> None:
    limit = await _create(api, workspace_id="ws-production")
    everything = await _usage(api, limit)
    await api.put(limit, {"periodic_reset_days": days})
    counted = await _usage(api, limit)
    assert 0 < sum(counted.values()) <= sum(everything.values())


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "credit_limit is required"),
        ({**NEW, "conditions": []}, "conditions must have at least 1 item"),
        ({**NEW, "conditions": [{"key": "colour", "value": "x"}]}, "conditions[0].key must match"),
        ({**NEW, "conditions": [{"key": "model", "value": []}]}, "must be a string or a list of them"),
        ({**NEW, "group_by": [{"field": "api_key"}]}, "group_by[0].field is not allowed"),
        ({**NEW, "alert_threshold": 10}, "alert_threshold must be below credit_limit"),
        ({**NEW, "periodic_reset": "daily"}, "periodic_reset must be one of monthly, weekly"),
        ({**NEW, "workspace_id": "ws-nowhere"}, "no workspace matches 'ws-nowhere'"),
        ({**NEW, "organisation_id": "other"}, "no organisation has the id 'other'"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: dict[str, Any], problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "tokens"},
        {"alert_threshold": 5000},
        {"periodic_reset": "weekly", "periodic_reset_days": 7},
    ],
)
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, Any]) -> None:
    before = (await api.get(BUDGET)).data
    assert (await api.put(BUDGET, body)).status == 400
    assert (await api.get(BUDGET)).data == before


async def test_deleting_archives(api: Api) -> None:
    assert (await api.delete(BUDGET)).data == {}
    assert (await api.get(BUDGET)).status == 404
    assert (await api.get(f"{BUDGET}?status=archived")).data["status"] == "archived"
    assert (await api.delete(LAUNCH)).status == 404
    assert (await api.put(LAUNCH, {"credit_limit": 1})).status == 404


async def test_a_workspace_key_sees_its_own_limits(api: Api) -> None:
    own = api.as_key(WORKSPACE_KEY)
    assert [limit["name"] for limit in (await own.get(ALL)).data["data"]] == ["Support tokens per agent"]
    assert (await own.get(BUDGET)).status == 403
    created = await _create(own)
    assert (await own.get(created)).data["workspace_id"] == workspace_id("ws-customer-support")


async def test_limits_go_with_their_workspace(api: Api) -> None:
    await _create(api, workspace_id="ws-staging")
    path = "/v1/admin/workspaces/ws-staging"
    assert "usage limit (1)" in (await api.delete(path, {"name": "Staging"})).message
    assert (await api.delete(path, {"name": "Staging", "force_delete": True})).status == 200
    assert (await api.get(ALL)).data["total"] == 2
