from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import ORGANISATION_ID, workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

DEFAULTS = "/v2/admin/organisation/defaults"
INPUT = "/v1/workspace-exclusions/input-guardrails"
OUTPUT = "/v1/workspace-exclusions/output-guardrails"
SHIELD, MODERATION = (
    {"id": seed_id("guardrail", slug), "slug": slug} for slug in ("pg-pii-sh-4be1c7", "pg-modera-9d2f60")
)


async def _excluded(api: Api, path: str) -> list[str]:
    answer = await api.get(f"{path}?organisation_id={ORGANISATION_ID}")
    assert answer.data["total"] == len(answer.data["data"])
    return [entry["name"] for entry in answer.data["data"]]


async def _exclude(api: Api, *workspaces: tuple[str, bool], **more: Any) -> int:
    entries = [{"workspace_id": name, "excluded": excluded} for name, excluded in workspaces]
    answer = await api.put(INPUT, {"organisation_id": ORGANISATION_ID, "workspaces": entries, **more})
    return answer.status


async def test_defaults_are_shown_with_their_slugs(api: Api) -> None:
    assert (await api.get(DEFAULTS)).data == {
        "object": "organisation_defaults",
        "input_guardrails": [SHIELD],
        "output_guardrails": [],
    }


async def test_a_list_is_replaced_and_the_other_stays(api: Api) -> None:
    changed = {"output_guardrails": [MODERATION["id"], SHIELD["slug"]]}
    assert (await api.put(DEFAULTS, changed)).data == {}
    found = (await api.get(DEFAULTS)).data
    assert found["input_guardrails"] == [SHIELD]
    assert found["output_guardrails"] == [MODERATION, SHIELD]
    await api.put(DEFAULTS, {"input_guardrails": []})
    assert (await api.get(DEFAULTS)).data["input_guardrails"] == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "give at least one of input_guardrails, output_guardrails"),
        ({"input_guardrails": "x"}, "must be an array"),
        ({"input_guardrails": ["pg-nothing"]}, "no guardrail matches 'pg-nothing'"),
        ({"output_guardrails": ["pg-checko-3c8a15"]}, "cannot be set as organisation defaults"),
    ],
)
async def test_bad_defaults_are_refused(api: Api, body: dict[str, Any], problem: str) -> None:
    answer = await api.put(DEFAULTS, body)
    assert answer.status == 400
    assert problem in answer.message


async def test_workspaces_are_excluded_and_taken_back(api: Api) -> None:
    assert await _excluded(api, INPUT) == ["Staging"]
    assert await _exclude(api, (workspace_id("ws-production"), True)) == 200
    assert await _excluded(api, INPUT) == ["Staging", "Production"]
    assert await _exclude(api, ("ws-staging", False), ("ws-customer-support", True)) == 200
    assert await _excluded(api, INPUT) == ["Production", "Customer Support"]
    assert await _exclude(api, ("ws-staging", True), override_existing=True) == 200
    assert await _excluded(api, INPUT) == ["Staging"]
    assert await _excluded(api, OUTPUT) == []


async def test_a_deleted_workspace_is_no_longer_listed(api: Api) -> None:
    await api.delete("/v1/admin/workspaces/ws-staging", {"name": "Staging", "force_delete": True})
    assert await _excluded(api, INPUT) == []


async def test_bad_exclusions_are_refused(api: Api) -> None:
    assert await _exclude(api) == 400
    assert await _exclude(api, ("ws-nowhere", True)) == 400
    assert await _exclude(api, ("ws-staging", False), organisation_id="another") == 400
    assert (await api.get(INPUT)).status == 400
    assert (await api.get(f"{INPUT}?organisation_id=another")).status == 400
    assert await _excluded(api, INPUT) == ["Staging"]


@pytest.mark.parametrize("path", [DEFAULTS, INPUT, OUTPUT])
async def test_a_workspace_key_has_no_say(api: Api, path: str) -> None:
    assert (await api.as_key(WORKSPACE_KEY).get(path)).status == 403
