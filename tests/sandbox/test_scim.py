from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import workspace_id
from app.sandbox.ids import seed_id
from tests.sandbox.client import Api

ALL = "/v1/scim/workspaces"
SUPPORT_GROUP = seed_id("scim_group", "Support Agents")


async def test_groups_are_searched_and_paged(api: Api) -> None:
    groups = (await api.get("/v2/scim/groups")).data
    assert (groups["object"], groups["total"]) == ("list", 3)
    found = (await api.get("/v2/scim/groups?search=AGENTS")).data["data"]
    assert [group["id"] for group in found] == [SUPPORT_GROUP]
    paged = (await api.get("/v2/scim/groups?page=1&page_size=2")).data
    assert (paged["total"], [group["display_name"] for group in paged["data"]]) == (3, ["Contractors"])
    assert (await api.get("/v2/scim/groups?page=-1")).status == 400


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("?role=admin", 2),
        ("?workspace_id=ws-staging", 1),
        (f"?workspace_id={workspace_id('ws-staging')}", 1),
        ("?workspace_id=missing", 0),
        (f"?scim_group_id={SUPPORT_GROUP}", 1),
        (f"?scim_group_id={SUPPORT_GROUP}&role=admin", 0),
    ],
)
async def test_mappings_are_filtered(api: Api, query: str, count: int) -> None:
    answer = (await api.get(f"{ALL}{query}")).data
    assert (answer["total_count"], len(answer["mappings"])) == (count, count)


async def test_mappings_are_paged_from_zero(api: Api) -> None:
    answer = (await api.get(f"{ALL}?page=1&page_size=2")).data
    assert (answer["total_count"], len(answer["mappings"])) == (3, 1)
    assert set(answer["mappings"][0]) == {"id", "workspace_id", "scim_group", "scim_group_id", "role"}
    assert (await api.get(f"{ALL}?role=owner")).status == 400


async def test_a_mapping_is_made_by_group_id_or_by_a_name_old_or_new(api: Api) -> None:
    by_id = await api.post(
        ALL, {"workspace_id": "ws-staging", "role": "manager", "scim_group_id": SUPPORT_GROUP}
    )
    assert by_id.data["scim_group"] == "Support Agents"
    assert by_id.data["workspace_id"] == workspace_id("ws-staging")
    known = {"workspace_id": "ws-staging", "role": "member", "scim_group_name": "Contractors"}
    assert (await api.post(ALL, known)).data["scim_group_id"] == seed_id("scim_group", "Contractors")
    created = await api.post(ALL, {**known, "scim_group_name": "Interns"})
    groups = (await api.get("/v2/scim/groups?search=interns")).data["data"]
    assert [group["id"] for group in groups] == [created.data["scim_group_id"]]
    again = await api.post(ALL, known)
    assert (again.status, again.code) == (409, "AB07")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "role is required; workspace_id is required"),
        ({"workspace_id": "ws-staging", "role": "member"}, "give either scim_group_id or scim_group_name"),
        (
            {
                "workspace_id": "none",
                "role": "member",
                "scim_group_id": "a",
                "scim_group_name": "ws-x-role-admin",
            },
            "give either scim_group_id or scim_group_name; scim_group_name must not have the form of",
        ),
        (
            {"workspace_id": "none", "role": "member", "scim_group_name": "ws-x-role-admin"},
            "automatically provisioned groups; workspace_id: no workspace matches 'none'",
        ),
        ({"workspace_id": "ws-staging", "role": "owner", "scim_group_name": "A"}, "role must be one of"),
        ({"workspace_id": "ws-staging", "role": "member", "scim_group_id": "a"}, "no group matches 'a'"),
    ],
)
async def test_bad_mappings_are_refused(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message
    assert (await api.get("/v2/scim/groups")).data["total"] == 3


async def test_a_mapping_is_deleted_once(api: Api) -> None:
    mapping = (await api.get(ALL)).data["mappings"][0]
    assert (await api.delete(f"{ALL}/{mapping['id']}")).data == {"success": True}
    answer = await api.delete(f"{ALL}/{mapping['id']}")
    assert (answer.status, answer.code) == (404, "AB02")
    assert (await api.get(ALL)).data["total_count"] == 2
