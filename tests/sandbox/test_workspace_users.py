from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import user_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/admin/workspaces/ws-staging/users"
PRIYA, AMARA = user_id("priya"), user_id("amara")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Jonas", "Priya", "Lucas"]),
        ("?role=manager", ["Priya"]),
        ("?role=admin,member", ["Jonas", "Lucas"]),
        ("?email=lucas.meyer@brightwater.example", ["Lucas"]),
        ("?email=lucas", []),
        ("?page_size=1&current_page=1", ["Priya"]),
    ],
)
async def test_list_filters_and_pages(api: Api, query: str, names: list[str]) -> None:
    assert [member["first_name"] for member in (await api.get(f"{ALL}{query}")).data["data"]] == names


@pytest.mark.parametrize("query", ["?role=boss", "?page_size=0", "?current_page=x"])
async def test_list_refuses_bad_queries(api: Api, query: str) -> None:
    assert (await api.get(f"{ALL}{query}")).status == 400


async def test_a_member_is_shown_with_the_user_and_scopes_of_the_role(api: Api) -> None:
    member = (await api.get(f"{ALL}/{PRIYA}")).data
    assert set(member) == {
        *("object", "id", "first_name", "last_name", "org_role", "role", "created_at", "last_updated_at"),
        *("status", "workspace_id", "email", "scopes", "settings"),
    }
    assert (member["id"], member["org_role"], member["role"]) == (PRIYA, "member", "manager")
    assert "prompts.create" in member["scopes"]
    assert "workspaces.update" not in member["scopes"]
    assert "workspaces.update" in (await api.get(f"{ALL}/{user_id('jonas')}")).data["scopes"]
    assert "prompts.create" not in (await api.get(f"{ALL}/{user_id('lucas')}")).data["scopes"]


async def test_add_update_remove(api: Api) -> None:
    added = {"users": [{"id": AMARA, "role": "admin"}, {"id": user_id("hana"), "role": "member"}]}
    assert (await api.post(ALL, added)).data == {}
    assert (await api.get(ALL)).data["total"] == 5
    assert (await api.put(f"{ALL}/{AMARA}", {"role": "member"})).data == {}
    changed = (await api.get(f"{ALL}/{AMARA}")).data
    assert changed["role"] == "member"
    assert changed["last_updated_at"] > changed["created_at"]
    assert (await api.delete(f"{ALL}/{AMARA}")).data == {}
    assert (await api.get(f"{ALL}/{AMARA}")).status == 404
    assert (await api.post(ALL, {"users": [{"id": AMARA, "role": "member"}]})).status == 200


async def test_a_duplicate_is_409_and_nobody_is_added(api: Api) -> None:
    answer = await api.post(ALL, {"users": [{"id": AMARA, "role": "admin"}, {"id": PRIYA, "role": "member"}]})
    assert (answer.status, answer.code) == (409, "AB07")
    assert (await api.get(ALL)).data["total"] == 3


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (..., "users is required"),
        ({"users": []}, "users must have at least 1 item"),
        ({"users": [{"id": AMARA}]}, "users[0].role is required"),
        ({"users": [{"id": AMARA, "role": "owner"}]}, "users[0].role must be one of admin, manager, member"),
        ({"users": [{"id": "nobody", "role": "member"}]}, "no user has the id 'nobody'"),
        ({"id": AMARA, "role": "member"}, "id is not allowed"),
    ],
)
async def test_add_refuses_bad_bodies(api: Api, body: Any, problem: str) -> None:
    answer = await api.post(ALL, body)
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_the_same_role_again_is_refused(api: Api) -> None:
    answer = await api.put(f"{ALL}/{PRIYA}", {"role": "manager"})
    assert (answer.status, answer.message) == (400, "Invalid request. role is manager already.")
    assert (await api.put(f"{ALL}/{PRIYA}", {"role": "boss"})).status == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_users_that_are_no_members_are_404(api: Api, method: str) -> None:
    for path in (f"{ALL}/{AMARA}", f"{ALL}/nobody", f"/v1/admin/workspaces/missing/users/{AMARA}"):
        answer = await api.send(method, path, {"role": "admin"})
        assert (answer.status, answer.code) == (404, "AB02")


async def test_a_workspace_key_manages_its_own_members_only(api: Api) -> None:
    support = api.as_key(WORKSPACE_KEY)
    assert (await support.get("/v1/admin/workspaces/ws-customer-support/users")).data["total"] == 2
    assert (await support.get(ALL)).status == 403
