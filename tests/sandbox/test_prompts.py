from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.company import workspace_id
from app.sandbox.ids import seed_id
from app.sandbox.keys import WORKSPACE_KEY
from tests.sandbox.client import Api

ALL = "/v1/prompts"
TICKET = f"{ALL}/pp-ticket-1f5d3a"
NEW = {
    "name": "Welcome",
    "collection_id": "checkout-3f9a1c",
    "string": "Hello {{name}}",
    "parameters": {"temperature": 0},
    "virtual_key": "openai-prod-4d1e7a",
    "model": "gpt-4o",
}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Ticket summary", "Refund reply", "Upsell line"]),
        ("?search=REPLY", ["Refund reply"]),
        ("?collection_id=checkout-3f9a1c", ["Upsell line"]),
        (
            f"?collection_id={seed_id('collection', 'support-replies-5be2d8')}",
            ["Ticket summary", "Refund reply"],
        ),
        ("?collection_id=missing", []),
        ("?workspace_id=ws-production", ["Upsell line"]),
        ("?status=archived", []),
        ("?page_size=1&current_page=1", ["Refund reply"]),
    ],
)
async def test_list_filters_and_pages(api: Api, query: str, names: list[str]) -> None:
    assert [prompt["name"] for prompt in (await api.get(f"{ALL}{query}")).data["data"]] == names


async def test_list_has_the_recorded_shape(api: Api) -> None:
    listed = (await api.get(f"{ALL}?page_size=1")).data
    assert (listed["object"], listed["total"]) == ("list", 3)
    assert set(listed["data"][0]) == {
        *("id", "collection_id", "name", "slug", "created_at", "last_updated_at", "status", "access_level"),
        *("share_organisation_id", "shared_at", "shared_by_user_id", "shared_from_version_id"),
        *("allow_all_workspaces", "forked_from_prompt_id", "forked_from_prompt_version_id"),
        *("prompt_owning_workspace_id", "model", "object"),
    }
    assert (await api.get(f"{ALL}?page_size=0")).status == 400


async def test_get_is_flat_with_the_published_version(api: Api) -> None:
    prompt = (await api.get(TICKET)).data
    listed = (await api.get(f"{ALL}?page_size=1")).data["data"][0]
    assert set(prompt) - set(listed) == {
        *(
            "prompt_version_id",
            "prompt_version",
            "prompt_version_description",
            "prompt_version_status",
            "string",
        ),
        *("variable_components", "parameters", "functions", "tools", "tool_choice", "template_metadata"),
        *("prompt_version_label_id", "prompt_version_label_name", "is_raw_template", "prompt_version_labels"),
        "virtual_key",
    }
    assert (prompt["prompt_version"], prompt["prompt_version_status"]) == (2, "active")
    assert prompt["parameters"]["model"] == prompt["model"] == "gpt-4o"
    assert prompt["prompt_version_label_name"] == "production"
    assert (await api.get(f"{ALL}/{prompt['id']}")).data == prompt


@pytest.mark.parametrize(
    ("suffix", "version"), [("@latest", 3), ("@1", 1), ("@staging", 3), ("%40archive", 1), ("@", 2)]
)
async def test_a_reference_may_name_a_version(api: Api, suffix: str, version: int) -> None:
    assert (await api.get(f"{TICKET}{suffix}")).data["prompt_version"] == version


@pytest.mark.parametrize(
    "reference", ["missing", "missing@1", "pp-ticket-1f5d3a@4", "pp-ticket-1f5d3a@canary"]
)
async def test_unknown_prompts_versions_and_labels_are_404(api: Api, reference: str) -> None:
    answer = await api.get(f"{ALL}/{reference}")
    assert (answer.status, answer.code) == (404, "AB02")


async def test_create_publishes_the_first_version(api: Api) -> None:
    more = {
        "tools": [{"type": "function"}],
        "tool_choice": "auto",
        "is_raw_template": 1,
        "template_metadata": {"app": "x"},
    }
    created = await api.post(ALL, {**NEW, **more, "version_description": "First"})
    assert set(created.data) == {"id", "slug", "version_id", "object"}
    assert created.data["slug"].startswith("pp-welcom-")
    prompt = (await api.get(f"{ALL}/{created.data['slug']}")).data
    assert prompt["prompt_version_id"] == created.data["version_id"]
    assert (prompt["prompt_version"], prompt["prompt_version_description"]) == (1, "First")
    assert prompt["prompt_owning_workspace_id"] == workspace_id("ws-production")
    assert {name: prompt[name] for name in more} == more
    assert prompt["variable_components"] == {"variables": ["name"]}


async def test_a_model_in_the_parameters_is_the_model(api: Api) -> None:
    body = {**NEW, "parameters": {"model": "gpt-4.1"}, "virtual_key": "@openai-prod-4d1e7a"}
    del body["model"]
    created = await api.post(ALL, body)
    assert (await api.get(f"{ALL}/{created.data['id']}")).data["model"] == "gpt-4.1"
    without = await api.post(ALL, {**body, "parameters": {}})
    found = (await api.get(f"{ALL}/{without.data['id']}")).data
    assert (found["model"], found["parameters"]) == (None, {})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"string": 1}, "string must be a string"),
        ({"prompt_template": "x"}, "prompt_template is not allowed"),
        ({"is_raw_template": True}, "is_raw_template must be 0 or 1"),
        ({"tool_choice": "any"}, "tool_choice must be auto, none, required or an object"),
        ({"virtual_key": "missing"}, "virtual_key: no virtual key matches 'missing'"),
        ({"collection_id": "missing"}, "collection_id: no collection matches 'missing'"),
        (
            {"collection_id": "none", "virtual_key": "none"},
            "virtual_key: no virtual key matches 'none'; collection_id: no collection matches 'none'",
        ),
    ],
)
async def test_create_refuses_bad_bodies(api: Api, change: dict[str, Any], problem: str) -> None:
    answer = await api.post(ALL, {**NEW, **change})
    assert (answer.status, answer.code) == (400, "AB01")
    assert problem in answer.message


async def test_create_lists_all_missing_members(api: Api) -> None:
    answer = await api.post(ALL)
    for name in ("name", "collection_id", "string", "parameters", "virtual_key"):
        assert f"{name} is required" in answer.message


async def test_a_workspace_key_cannot_use_what_belongs_to_others(api: Api) -> None:
    answer = await api.as_key(WORKSPACE_KEY).post(ALL, NEW)
    assert answer.status == 400
    assert "virtual_key" in answer.message
    assert "collection_id" in answer.message


async def test_patch_makes_a_version_from_the_latest_without_publishing_it(api: Api) -> None:
    latest = (await api.get(f"{TICKET}@latest")).data
    answer = await api.put(
        TICKET, {"patch": True, "string": "Short: {{ticket}}", "prompt_metadata": {"env": "dev"}}
    )
    assert set(answer.data) == {"id", "slug", "prompt_version_id"}
    newest = (await api.get(f"{TICKET}@latest")).data
    assert newest["prompt_version_id"] == answer.data["prompt_version_id"]
    assert (newest["prompt_version"], newest["string"]) == (4, "Short: {{ticket}}")
    assert (newest["parameters"], newest["virtual_key"]) == (latest["parameters"], latest["virtual_key"])
    assert (newest["template_metadata"], newest["prompt_version_label_id"]) == ({"env": "dev"}, None)
    assert (await api.get(TICKET)).data["prompt_version"] == 2


async def test_without_patch_a_version_must_be_whole(api: Api) -> None:
    answer = await api.put(TICKET, {"string": "New", "virtual_key": "missing"})
    assert answer.status == 400
    assert "parameters, model must be given too, or set patch" in answer.message
    assert "virtual_key" in answer.message
    whole = {"string": "New", "parameters": {"top_p": 1}, "model": "gpt-4.1"}
    await api.put(TICKET, {**whole, "patch": False})
    newest = (await api.get(f"{TICKET}@latest")).data
    assert (newest["parameters"], newest["model"]) == ({"top_p": 1, "model": "gpt-4.1"}, "gpt-4.1")


async def test_name_collection_key_and_description_change_without_a_version(api: Api) -> None:
    change = {
        "patch": True,
        "name": "Renamed",
        "virtual_key": "azure-support-c85d20",
        "version_description": "Tuned",
    }
    answer = await api.put(TICKET, {**change, "collection_id": "support-replies-5be2d8"})
    latest = (await api.get(f"{TICKET}@latest")).data
    assert answer.data["prompt_version_id"] == latest["prompt_version_id"]
    assert (latest["name"], latest["prompt_version"]) == ("Renamed", 3)
    assert latest["prompt_version_description"] == "Tuned"


@pytest.mark.parametrize(
    "body", [{}, {"patch": True}, {"patch": 1}, {"prompt_template": "x"}, {"string": ""}]
)
async def test_update_refuses_bad_bodies(api: Api, body: dict[str, object]) -> None:
    answer = await api.put(TICKET, body)
    assert (answer.status, answer.code) == (400, "AB01")


async def test_a_prompt_stays_in_its_workspace(api: Api) -> None:
    assert (await api.put(TICKET, {"collection_id": "checkout-3f9a1c"})).status == 403
    assert (await api.put(TICKET, {"collection_id": "missing"})).status == 404


async def test_delete(api: Api) -> None:
    assert (await api.delete(TICKET)).data == {}
    for method, path in (("GET", TICKET), ("PUT", TICKET), ("DELETE", TICKET), ("GET", f"{TICKET}/versions")):
        assert (await api.send(method, path, {"name": "x"})).status == 404
