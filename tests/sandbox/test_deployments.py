from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.client import Api

ALL = "/v2/deployments"
FRANKFURT = f"{ALL}/dp-frankf-5a0c1d"
STAGING = f"{ALL}/dp-stagin-b83e27"


async def test_list_has_archived_ones_too_and_filters(api: Api) -> None:
    listed = (await api.get(ALL)).data
    assert (listed["object"], listed["total"]) == ("list", 3)
    assert not {"client_auth", "credentials", "auth_settings"} & listed["data"][0].keys()
    for query, names in (
        ("status=active", ["Frankfurt", "Staging"]),
        ("type=non_production&status=archived", ["Lab"]),
        ("search=frank", ["Frankfurt"]),
        ("workspace_slug=ws-production", ["Frankfurt"]),
        ("workspace_slug=ws-production&workspace_slug=ws-staging", ["Frankfurt", "Staging", "Lab"]),
        ("tags=%7B%22region%22:%22eu-central-1%22%7D", ["Frankfurt"]),
    ):
        assert [found["name"] for found in (await api.get(f"{ALL}?{query}")).data["data"]] == names
    assert (await api.get(f"{ALL}?tags=[]")).status == 400


async def test_registering_shows_the_credentials_once(api: Api) -> None:
    made = (await api.post(ALL, {"name": "Virginia", "is_default": True})).data
    assert set(made) == {"id", "client_auth", "credentials", "organisation_id", "object"}
    shown = (await api.get(f"{ALL}/{made['id']}")).data
    assert (shown["name"], shown["type"], shown["is_default"]) == ("Virginia", "production", 1)
    assert shown["client_auth"] == "cl********" + made["client_auth"][-2:]
    assert shown["credentials"]["username"] == made["credentials"]["username"]
    assert shown["credentials"]["password"] != made["credentials"]["password"]
    assert (await api.get(FRANKFURT)).data["is_default"] == 0
    assert (await api.get(f"{ALL}/self")).data["id"] == made["id"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "name is required"),
        ({"name": "A", "slug": "dp-lab-0f94c2"}, "slug: 'dp-lab-0f94c2' is taken"),
        ({"name": "A", "type": "test"}, "type must be one of production, non_production"),
        ({"name": "A", "auth_settings": {"is_dataservice_hosted": True}}, "must be 0 or 1"),
        ({"name": "A", "auth_settings": {"workspaces_allowed": ["x"]}}, "workspaces_allowed: no workspace"),
        ({"name": "A", "rotate_auth": True}, "rotate_auth is not allowed"),
    ],
)
async def test_register_says_what_is_wrong(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_lists_grow_shrink_and_are_replaced(api: Api) -> None:
    async def workspaces(**settings: Any) -> tuple[list[str], int]:
        override = settings.pop("override_existing", False)
        body = {"auth_settings": settings, "override_existing": override}
        assert (await api.put(STAGING, body)).data == {"success": True}
        stored = (await api.get(STAGING)).data["auth_settings"]
        return stored["workspaces_allowed"], stored["allow_all_workspaces"]

    assert await workspaces(workspaces_allowed=["ws-production"]) == (["ws-staging", "ws-production"], 0)
    assert await workspaces(remove_workspaces_allowed=["ws-staging"]) == (["ws-production"], 0)
    assert await workspaces(workspaces_allowed=["ws-staging"], override_existing=True) == (["ws-staging"], 0)
    assert await workspaces(allow_all_workspaces=True) == ([], 1)
    assert await workspaces(jwt_subs_allowed=["ci"]) == ([], 1)
    assert (await api.get(STAGING)).data["auth_settings"]["jwt_subs_allowed"] == ["ci"]


async def test_configs_are_merged_cleared_and_replaced(api: Api) -> None:
    for change, stored in (
        ({"deployment_config": {"a": 1}}, {"log_store": "s3", "a": 1}),
        ({"deployment_config": {"b": 2}, "override_existing": True}, {"b": 2}),
        ({"deployment_config": None}, None),
    ):
        await api.put(STAGING, change)
        assert (await api.get(STAGING)).data["deployment_config"] == stored


async def test_rotating_gives_new_client_auth(api: Api) -> None:
    rotated = (await api.put(STAGING, {"rotate_auth": True})).data
    assert rotated["client_auth"].startswith("client-auth-")
    assert (await api.get(STAGING)).data["client_auth"].endswith(rotated["client_auth"][-2:])
    assert (await api.put(STAGING, {})).status == 400


async def test_archiving_keeps_the_record(api: Api) -> None:
    answer = await api.delete(FRANKFURT)
    assert (answer.status, answer.data) == (200, None)
    assert (await api.get(FRANKFURT)).data["status"] == "archived"
    assert (await api.get(f"{ALL}/self")).status == 404
