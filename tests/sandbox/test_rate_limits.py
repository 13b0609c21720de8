from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/policies/rate-limits"
THROTTLE = f"{ALL}/{seed_id('rate_limit', 'Checkout throttle')}"
NEW: dict[str, Any] = {
    "conditions": [{"key": "api_key", "value": "*"}],
    "group_by": [{"key": "metadata.team"}],
    "type": "tokens",
    "unit": "rpw",
    "value": 0,
}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Checkout throttle", "Support tokens an hour", "MCP tool calls a day"]),
        ("?unit=rph", ["Support tokens an hour"]),
        ("?type=requests&target=llm", ["Checkout throttle"]),
        ("?target=mcp_tools", ["MCP tool calls a day"]),
        ("?workspace_id=ws-customer-support", ["Support tokens an hour"]),
        ("?status=archived", []),
    ],
)
async def test_list_filters(api: Api, query: str, names: list[str]) -> None:
    answer = await api.get(f"{ALL}{query}")
    assert [limit["name"] for limit in answer.data["data"]] == names
    assert answer.data["total"] == len(names)


async def test_a_limit_is_created_changed_and_archived(api: Api) -> None:
    created = await api.post(ALL, {**NEW, "name": "Weekly", "target": "mcp_tools"})
    assert created.data["object"] == "policy_rate_limits"
    path = f"{ALL}/{created.data['id']}"
    limit = (await api.get(path)).data
    assert limit.items() >= {**NEW, "name": "Weekly", "target": "mcp_tools", "status": "active"}.items()
    assert (await api.put(path, {"value": 50, "unit": "rpd"})).data == {}
    changed = (await api.get(path)).data
    assert changed | {"last_updated_at": ""} == limit | {"value": 50, "unit": "rpd", "last_updated_at": ""}
    assert (await api.delete(path)).data == {}
    assert (await api.get(path)).status == 404
    assert (await api.get(f"{path}?status=archived")).status == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "unit is required"),
        ({**NEW, "unit": "rps"}, "unit must be one of rpm, rph, rpd, rpw"),
        ({**NEW, "value": -1}, "value must be at least 0"),
        ({**NEW, "type": "cost"}, "type must be one of requests, tokens"),
        ({**NEW, "target": "all"}, "target must be one of llm, mcp_tools"),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, body: dict[str, Any], problem: str) -> None:
    answer = await api.post(ALL, body)
    assert answer.status == 400
    assert problem in answer.message


@pytest.mark.parametrize("body", [{}, {"type": "requests"}, {"group_by": []}, {"conditions": []}])
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, Any]) -> None:
    assert (await api.put(THROTTLE, body)).status == 400


@pytest.mark.parametrize("query", ["status=gone", "unit=rps", "page_size=0"])
async def test_list_refuses_unknown_filters(api: Api, query: str) -> None:
    assert (await api.get(f"{ALL}?{query}")).status == 400


async def test_a_workspace_key_cannot_reach_others(api: Api) -> None:
    own = api.as_key(WORKSPACE_KEY)
    assert (await own.get(ALL)).data["total"] == 1
    assert (await own.delete(THROTTLE)).status == 403
    assert (await own.post(ALL, {**NEW, "workspace_id": "ws-production"})).status == 403
