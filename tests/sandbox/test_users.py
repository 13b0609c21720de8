from __future__ import annotations

import pytest

from app.sandbox.company import user_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/admin/users"
NOBODY = "00000000-0000-4000-8000-000000000000"


async def _first_names(api: Api, query: str) -> list[str]:
    return [user["first_name"] for user in (await api.get(f"{ALL}{query}")).data["data"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Amara", "Jonas", "Priya", "Mateo", "Hana", "Lucas"]),
        ("?role=owner", ["Amara"]),
        ("?role=admin,owner", ["Amara", "Jonas"]),
        ("?email=hana.sato@brightwater.example", ["Hana"]),
        ("?email=hana", []),
        ("?pageSize=4&currentPage=1", ["Hana", "Lucas"]),
        ("?page_size=1", ["Amara", "Jonas", "Priya", "Mateo", "Hana", "Lucas"]),
    ],
)
async def test_list_filters_and_pages_by_camel_case_names(api: Api, query: str, names: list[str]) -> None:
    assert await _first_names(api, query) == names


@pytest.mark.parametrize("query", ["role=manager", "pageSize=0", "currentPage=-1"])
async def test_list_refuses_what_it_does_not_know(api: Api, query: str) -> None:
    assert (await api.get(f"{ALL}?{query}")).status == 400


async def test_a_user_is_shown_with_the_workspaces_it_is_in(api: Api) -> None:
    user = (await api.get(f"{ALL}/{user_id('mateo')}")).data
    assert set(user) == {
        *("object", "id", "first_name", "last_name", "role", "email"),
        *("created_at", "last_updated_at", "workspace_ids"),
    }
    assert user["workspace_ids"] == ["ws-production", "ws-customer-support"]
    await api.delete("/v1/admin/workspaces/ws-production", {"name": "Production", "force_delete": True})
    assert (await api.get(f"{ALL}/{user_id('mateo')}")).data["workspace_ids"] == ["ws-customer-support"]


async def test_update_changes_role_and_name(api: Api) -> None:
    who = f"{ALL}/{user_id('mateo')}"
    assert (await api.put(who, {"role": "admin"})).data == {}
    assert (await api.put(who, {"first_name": "Matteo"})).data == {}
    user = (await api.get(who)).data
    assert (user["role"], user["first_name"], user["last_name"]) == ("admin", "Matteo", "Alvarez")
    assert user["last_updated_at"] > user["created_at"]


@pytest.mark.parametrize("body", [{}, {"role": "owner"}, {"email": "a@b.c"}, {"first_name": ""}])
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, str]) -> None:
    assert (await api.put(f"{ALL}/{user_id('mateo')}", body)).status == 400


async def test_the_owner_stays_the_owner(api: Api) -> None:
    owner = f"{ALL}/{user_id('amara')}"
    assert (await api.put(owner, {"role": "member"})).status == 409
    assert (await api.delete(owner)).status == 409
    assert (await api.get(owner)).data["role"] == "owner"


async def test_a_deleted_user_is_gone_from_every_workspace(api: Api) -> None:
    assert (await api.delete(f"{ALL}/{user_id('mateo')}")).data == {}
    assert (await api.get(f"{ALL}/{user_id('mateo')}")).status == 404
    members = (await api.get("/v1/admin/workspaces/ws-production/users")).data["data"]
    assert [member["first_name"] for member in members] == ["Amara", "Jonas", "Priya"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_user_is_404(api: Api, method: str) -> None:
    answer = await api.send(method, f"{ALL}/{NOBODY}", {"role": "admin"})
    assert (answer.status, answer.code) == (404, "AB02")


async def test_a_workspace_key_may_not_look_at_the_organisation(api: Api) -> None:
    assert (await api.as_key(WORKSPACE_KEY).get(ALL)).status == 403
